"""Targets by name, Snakemake's answer as jobs, and its refusals as one sentence."""

from pathlib import Path

import pytest
import yaml
from micro_world import MICRO, TABLES

from fame.core.errors import FameError
from fame.operate.plan import jobs as module
from fame.operate.plan.jobs import ALL, Job, jobs, wanted
from fame.pipeline.experiments import Experiments


@pytest.fixture(scope="module")
def micro():
    return Experiments(str(MICRO), TABLES)


@pytest.mark.parametrize(
    ("target", "file"),
    [
        ("all", ALL),
        ("table5", "results/table5.csv"),
        ("results/table5.csv", "results/table5.csv"),
        ("results/micro/report.html", "results/micro/report.html"),
        ("figure1", "results/figure1.png"),
        ("report", "results/report.html"),
    ],
)
def test_a_target_by_name_or_path(micro, target, file):
    assert wanted(micro, target).files == (file,)


def test_an_unknown_target_is_named_with_the_nearest(micro):
    with pytest.raises(FameError, match=r"'table55'; did you mean 'table5'\?"):
        wanted(micro, "table55")
    with pytest.raises(FameError, match=r"'xyz' \(known: all, report, table1"):
        wanted(micro, "xyz")


def test_a_table_whose_weights_are_absent_is_left_out(tmp_path):
    for name in ("table5", "table6"):
        (tmp_path / f"{name}.yaml").write_text((TABLES / f"{name}.yaml").read_text())
    table = yaml.safe_load((tmp_path / "table6.yaml").read_text())
    recipe = {"encoder": str(tmp_path / "gone.pth"), "backbone": "r2plus1d"}
    table["rows"].append({"show": {}, "task": "retrieval", "recipe": recipe})
    (tmp_path / "table6.yaml").write_text(yaml.safe_dump(table))
    own = Experiments(str(MICRO), tmp_path)
    found = wanted(own, "all")
    assert found.files == ("results/table5.csv",)
    (sentence,) = found.left_out
    assert "gone.pth: no such encoder" in sentence and "table6 is left out" in sentence
    assert wanted(own, "table6").files == ()
    assert jobs(str(MICRO), tmp_path, ()) == []


def test_snakemake_tells_every_job_once(tmp_path):
    found = jobs(str(MICRO), TABLES, ["results/table6.csv"], tmp_path)
    rules = [job.rule for job in found]
    assert {rule: rules.count(rule) for rule in rules} == {
        **{"publish": 1, "table": 1, "pretrain": 3, "features": 3, "retrieval": 3},
        **{"index": 2, "world": 2},
    }
    assert len(set(found)) == len(found) and not any(job.done for job in found)
    (world,) = (job for job in found if job.rule == "world" and job.data == "ucf101-w0")
    assert world == Job("world", None, "ucf101-w0", "", False)


def test_a_table_of_any_name_is_a_target(tmp_path):
    table = yaml.safe_load((TABLES / "table6.yaml").read_text()) | {"name": "extra"}
    (tmp_path / "extra.yaml").write_text(yaml.safe_dump(table))
    found = jobs(str(MICRO), tmp_path, ["results/extra.csv"], tmp_path)
    assert [job.rule for job in found].count("table") == 1


def test_what_snakemake_refuses_is_one_sentence(tmp_path):
    with pytest.raises(FameError, match=r"^results/nothing\.csv: Snakemake .*No rule to produce"):
        jobs(str(MICRO), TABLES, ["results/nothing.csv"], tmp_path)


def test_a_job_is_done_if_all_its_files_are():
    def row(name: str, plan: str) -> list[str]:
        return [f"results/micro/pretrain/moco-s0/{name}", "-", "pretrain", "-", "ok", plan]

    rows = [row("card.json", "no update"), row("encoder.safetensors", "no update")]
    assert [job.done for job in module.collected(rows)] == [True]
    rows[1][-1] = "update pending"
    assert module.collected(rows) == [Job("pretrain", "moco-s0", None, "", False)]


def test_small_jobs_are_told_apart_by_their_files():
    files = ["results/table5.csv", "results/table5.md", "results/table6.csv"]
    rows = [[file, "-", "publish", "-", "missing", "update pending"] for file in files]
    assert [Path(job.name).name for job in module.collected(rows)] == ["table5", "table6"]
