"""Targets by name, Snakemake's answer as jobs, its refusals, and what each job is about."""

from pathlib import Path

import pytest
import yaml
from micro_world import MICRO, ROOT, TABLES, choose

from fame.core.errors import FameError
from fame.operate.plan import jobs as module
from fame.operate.plan.jobs import ALL, Job, all_wanted, described, jobs, task_of, wanted
from fame.pipeline.experiments import Experiments
from fame.pipeline.runs import Run


@pytest.fixture(scope="module")
def experiments():
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
        ("report.html", "results/report.html"),
        ("table5.md", "results/table5.md"),
        ("table5_all.csv", "results/table5_all.csv"),
        ("figure1.pdf", "results/figure1.pdf"),
    ],
)
def test_a_target_by_name_or_path(experiments, target, file):
    assert wanted(experiments, target).files == (file,)


def test_targets_together_are_each_file_once_and_none_is_all(experiments):
    found = all_wanted(experiments, ["table5", "results/table5.csv", "table6"])
    assert found.files == ("results/table5.csv", "results/table6.csv")
    assert all_wanted(experiments, []).files == (ALL,)


def test_the_comparison_is_a_target_where_a_table_has_such_rows(experiments):
    assert wanted(experiments, "comparison").files == ("comparison",)
    assert wanted(experiments, "table5_all").files == ("results/table5_all.csv",)
    own = Experiments(str(MICRO), ROOT / "config" / "examples" / "own_tables")
    with pytest.raises(FameError, match="nothing to plan called 'comparison'"):
        wanted(own, "comparison")


def test_the_comparison_at_mini_trains_each_of_its_runs_once(tmp_path):
    given = Experiments("mini", TABLES)
    found = jobs("mini", TABLES, ["comparison"], tmp_path)
    trained = [job.run for job in found if job.rule == "pretrain"]
    assert sorted(trained) == sorted(given.comparison_runs)
    probed = {job.run for job in found if job.rule == "bias"}
    assert probed == set(given.comparison_runs)
    made = {Path(job.name).stem for job in found if job.rule in {"table", "figure"}}
    assert made == {"table5_all", "table6_all", "reliance"}


def test_an_unknown_target_is_named_with_the_nearest(experiments):
    with pytest.raises(FameError, match=r"'table55'; did you mean 'table5'\?"):
        wanted(experiments, "table55")
    with pytest.raises(FameError, match=r"'xyz' \(known: all, report, probes, table1"):
        wanted(experiments, "xyz")


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


def task(rule, scale=MICRO, run="moco-fame", data="ucf101-w0"):
    name = choose(scale, run)[1].id if run else None
    return task_of(Experiments(str(scale), TABLES), Job(rule, name, data, "", done=False))


def test_the_data_of_a_run_is_what_it_is_trained_on():
    found = task("pretrain", data=None)
    assert (found.data, found.dataset) == ("kinetics400-w0", "kinetics400")
    assert found.kind == ("pretrain", "moco fame", "r2plus1d", "kinetics400")
    assert task("finetune").kind == ("finetune", "", "r2plus1d", "ucf101")
    assert task("pretrain", run="random", data=None).kind[1:] == ("random", "r2plus1d", "")


def test_gpus_and_threads_are_the_rules(micro):
    scale = micro.scale("gpus", {"resources.gpus": 2, "resources.threads": 7})
    names = ("pretrain", "finetune", "features", "linear", "index", "prepare", "table")
    found = {rule: (one.gpus, one.threads) for rule in names for one in [task(rule, scale)]}
    assert found == {
        **{"pretrain": (2, 7), "finetune": (1, 7), "features": (1, 7), "prepare": (0, 7)},
        **{"linear": (0, 1), "index": (0, 7), "table": (0, 1)},
    }
    assert task("pretrain", scale, run="random", data=None).gpus == 1


def test_a_run_in_a_few_words(root):
    paper = Experiments("paper", root / "config" / "tables")
    words = {described(run) for run in paper.runs.values()}
    assert words >= {"moco", "moco fame", "moco fame both", "moco fame intra", "random"}


def test_finished_weights_are_called_by_their_file(tmp_path):
    run = Run("encoder", "r2plus1d", None, None, 0, {}, tmp_path / "mine.pth")
    assert described(run) == "weights mine"


def test_a_scale_by_a_relative_path_is_found_wherever_results_are(tmp_path, monkeypatch):
    (tmp_path / "own.yaml").write_text(MICRO.read_text())
    monkeypatch.chdir(tmp_path)
    found = jobs("own.yaml", TABLES, ["results/table6.csv"], tmp_path / "elsewhere")
    assert [job.rule for job in found].count("pretrain") == 3
