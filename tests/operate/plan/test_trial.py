"""What is tried, and a trial that no other test makes: small copies of real videos."""

import yaml
from micro_world import MICRO, ROOT, TABLES, choose

from fame.config.reading import load_scale
from fame.core.distributed import world
from fame.data.synthetic import write_world
from fame.operate.plan.jobs import Job, task_of
from fame.operate.plan.trial import TESTED, attempt, distinct, sample
from fame.pipeline.experiments import Experiments
from fame.pipeline.steps import RULES


def tasks(scale, *jobs):
    experiments = Experiments(str(scale), TABLES)
    return [task_of(experiments, Job(*job, "", False)) for job in jobs]


def test_one_job_of_each_kind_is_tried():
    moco, random = (choose(MICRO, name)[1].id for name in ("moco-fame", "random"))
    other = choose(MICRO, "supervised")[1].id
    evaluations = [
        (rule, run, "ucf101-w0") for rule in ("linear", "features") for run in (moco, other)
    ]
    runs = [("pretrain", run, None) for run in (moco, other, random)]
    rest = [("table", None, None), ("source", None, "ucf101-w0"), ("world", None, "ucf101-w0")]
    found = distinct(tasks(MICRO, *evaluations, *runs, *rest))
    rules = [task.job.rule for task in found]
    assert rules == ["world", "pretrain", "pretrain", "features", "linear"]


def test_every_timed_rule_is_tried_but_downloads_and_gathering():
    run = choose(MICRO, "moco-fame")[1].id
    timed = [rule.name for rule in RULES.values() if rule.timed]
    found = distinct(tasks(MICRO, *((rule, run, "ucf101-w0") for rule in timed)))
    assert set(timed) - {task.job.rule for task in found} == {"source", "gather"}


def test_copies_of_real_videos_are_tried_and_stay_in_the_scratch_folder(tmp_path):
    place = tmp_path / "own"
    write_world(load_scale(str(MICRO)).datasets["ucf101"].world, 0, place)
    settings = yaml.safe_load(MICRO.read_text())
    paper = yaml.safe_load((ROOT / "config" / "scales" / "paper.yaml").read_text())
    settings["datasets"]["ucf101"] = paper["datasets"]["ucf101"] | {
        "root": str(place / "videos"),
        "annotations": str(place / "annotations"),
        "prepare": {"to": "copies", "short_side": 32, "crf": 20, "keyframes": 4, "shards": 4},
    }
    file = tmp_path / "copied.yaml"
    file.write_text(yaml.safe_dump(settings))
    scale, scratch = load_scale(str(file)), tmp_path / "scratch"
    scratch.mkdir()
    (task,) = distinct(tasks(file, ("prepare", None, "ucf101")))
    videos = sample(scale, "ucf101", tmp_path / "results", scratch)
    assert videos.world is None
    with world(1, deterministic=True) as peers:
        attempt(task, videos, scale, peers, scratch)
    assert len(list(scratch.glob("*.mp4"))) == 2 * TESTED
