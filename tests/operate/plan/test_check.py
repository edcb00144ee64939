"""The trial of a target: everything passes at micro scale, and what is broken is found."""

import tempfile
from functools import cache, partial

import pytest
import torch
import yaml
from micro_world import MICRO, ROOT, TABLES, choose

from fame.cli.plan import print_checks
from fame.config.tables import Recipe
from fame.core.errors import FameError
from fame.operate.plan import check as module
from fame.operate.plan.check import Line, check
from fame.operate.plan.jobs import Job, task_of
from fame.operate.plan.needs import count
from fame.operate.plan.plan import Survey
from fame.pipeline.experiments import Experiments
from fame.pipeline.runs import resolve

RULES = (
    *("world", "index", "pretrain", "features", "conditions", "linear", "bias", "retrieval"),
    *("finetune", "activation", "mask_quality"),
)


def survey(root, rules=(), data="ucf101-w0", *, scale=MICRO, run=None):
    """Some rules' jobs, of a MoCo run with FAME unless another is given."""
    experiments = Experiments(str(scale), TABLES)
    chosen = run or choose(scale, "moco-fame")[1]
    experiments.__dict__["runs"] = {chosen.id: chosen}
    counts = cache(partial(count, experiments.scale, root=root))
    own = {"world", "index", "mask_quality"}
    jobs = [Job(rule, None if rule in own else chosen.id,
                None if rule == "pretrain" else data, "", False) for rule in rules]  # fmt: skip
    tasks = tuple(task_of(experiments, job) for job in jobs)
    return Survey(experiments, counts, tasks, root, ())


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """Where temporary files go, so that a test sees what stays of them."""
    place = tmp_path / "temporary"
    place.mkdir()
    own = partial(tempfile.TemporaryDirectory, dir=place)
    monkeypatch.setattr(tempfile, "TemporaryDirectory", own)
    return place


def failures(lines):
    return {line.name: line.said for line in lines if not line.passed}


def test_every_kind_of_job_is_tried_and_nothing_stays(tmp_path, temporary):
    root = tmp_path / "results" / "micro"
    lines = list(check(survey(root, RULES), 0))
    assert failures(lines) == {}
    tried = {line.name.split()[0] for line in lines}
    assert tried == {"torch", "devices", "results", "dataset", *RULES}
    assert not list(temporary.glob("fame-plan-*")) and not root.parent.exists()


def test_a_video_that_is_broken_since_it_was_indexed_is_named(micro, tmp_path):
    root = tmp_path / "micro"
    micro = micro.copy(root / "data")
    (root / "data" / "ucf101-w0" / "world").mkdir()
    videos = micro.videos("ucf101")
    broken = videos.root / videos.select("train").table["path"].iloc[0]
    broken.write_bytes(b"nothing to see")
    found = failures(check(survey(root, ("index",)), 0))
    assert broken.name in found["dataset ucf101"]
    assert "not tried, since ucf101" in found["index ucf101"]


def test_an_absent_dataset_is_a_failure_and_its_jobs_are_not_tried(tmp_path, monkeypatch):
    monkeypatch.setenv("FAME_DATA", str(tmp_path / "nowhere"))
    settings = yaml.safe_load(MICRO.read_text())
    paper = yaml.safe_load((ROOT / "config" / "scales" / "paper.yaml").read_text())
    settings["datasets"]["ucf101"] = paper["datasets"]["ucf101"]
    scale = tmp_path / "own.yaml"
    scale.write_text(yaml.safe_dump(settings))
    found = failures(check(survey(tmp_path, ("finetune",), "ucf101", scale=scale), 0))
    assert "nowhere" in found["dataset ucf101"]
    assert "not tried" in found["finetune r2plus1d ucf101"]


def test_a_step_that_raises_is_found_and_others_go_on(tmp_path, temporary):
    scale = Experiments(str(MICRO), TABLES).scale
    method = str(ROOT / "tests" / "workflow" / "toys" / "stumble.py")
    run = resolve(scale, Recipe(method=method, backbone="r2plus1d", pretrain="kinetics400"), {}, 0)
    lines = list(check(survey(tmp_path / "micro", ("pretrain", "retrieval"), run=run), 0))
    assert failures(lines) == {
        "pretrain stumble r2plus1d kinetics400": "RuntimeError: the method stumbled"
    }
    assert lines[-1].name.startswith("retrieval") and lines[-1].passed
    assert not list(temporary.glob("fame-plan-*"))


def test_missing_gpus_stop_the_trial_of_jobs(micro, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    scale = micro.scale("gpus", {"resources.gpus": 2})
    found = failures(check(survey(tmp_path / "micro", ("finetune",), scale=scale), 0))
    assert "asks for 2 GPUs on a machine, 1 can be used here" in found["devices"]
    assert set(found) == {"devices", "jobs"}


def test_too_small_a_disk_is_found(tmp_path):
    assert "free some" in failures(check(survey(tmp_path / "micro"), 2**60))["results"]


def test_a_folder_that_cannot_be_written_is_found(tmp_path, monkeypatch):
    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    assert "Permission denied" in failures(check(survey(tmp_path / "micro"), 0))["results"]


@pytest.mark.parametrize("passed", [True, False])
def test_the_command_fails_if_a_check_does(monkeypatch, capsys, passed):
    class Nothing:
        disk = left_out = tasks = ()
        experiments = Experiments(str(MICRO), TABLES)
        counts = root = None

    monkeypatch.setattr(module, "check", lambda *_: [Line("a", "said so", passed)])
    if passed:
        print_checks(Nothing, Nothing)
    else:
        with pytest.raises(FameError, match="1 checks failed"):
            print_checks(Nothing, Nothing)
    assert capsys.readouterr().err.endswith(f"{'ok  ' if passed else 'FAIL'}  a: said so\n")
