"""Work of every rule's job, against a scale counted by hand."""

import pytest
import yaml
from micro_world import MICRO, ROOT, TABLES, choose

from fame.operate.plan.counts import Counts, count
from fame.operate.plan.estimate import History
from fame.operate.plan.jobs import Job
from fame.operate.plan.plan import SMALL, rows_of
from fame.operate.plan.work import Piece, Works, described, pieces
from fame.pipeline.experiments import Experiments, Run

COUNTS = Counts(train=20, val=3, test=6, unused=5, source="generated", decoded=100)


def task_of(rule, scale=MICRO, run="moco-fame", data="ucf101-w0", counts=COUNTS):
    experiments = Experiments(str(scale), TABLES)
    name = choose(scale, run)[1].id if run else None
    job = Job(rule, name, data, "", done=False)
    return Works(experiments, lambda _: counts).task(job)


def work(task):
    return {one.piece.verb: one.videos for one in task.amounts}


def test_jobs_counted_by_hand():
    """Micro: batch 8 of 20 videos is 2 steps; 2 epochs each; 5 of probing."""
    assert work(task_of("pretrain", data=None)) == {"pretrain": 32}
    assert work(task_of("finetune")) == {"finetune": 32, "features": 6}
    assert work(task_of("features")) == {"features": 23, "altered": 6}
    # Two candidate rates on the half that is not held out, then all: two fits in effect.
    assert work(task_of("linear")) == {"probe": 20 * 5 * 2}
    assert work(task_of("bias")) == work(task_of("linear"))
    assert work(task_of("retrieval")) == {"retrieval": 6}
    assert work(task_of("activation")) == {"activation": 6}
    assert work(task_of("mask_quality", run=None)) == {"masks": 29}
    assert work(task_of("world", run=None)) == {"world": 34}
    assert work(task_of("index", run=None)) == {"index": 34}
    assert work(task_of("pretrain", run="random", data=None)) == {}
    assert work(task_of("table", run=None, data=None)) == {}


def test_the_data_of_a_run_is_what_it_is_trained_on():
    task = task_of("pretrain", data=None)
    assert (task.data, task.dataset, task.what) == ("kinetics400-w0", "kinetics400", "moco fame")
    assert task.kind == ("pretrain", "moco fame", "r2plus1d", "kinetics400")
    assert task_of("finetune").kind == ("finetune", "", "r2plus1d", "ucf101")


def test_normalisations_multiply_encoding_and_best_on_test_multiplies_tests(micro):
    slips = {"evaluate.retrieval.normalisation": "imagenet", "evaluate.bias": None}
    scale = micro.scale("slips", slips | {"evaluate.finetune.report": "best-on-test"})
    assert work(task_of("features", scale)) == {"features": 2 * 29}
    assert work(task_of("finetune", scale))["features"] == 2 * 6
    long = micro.scale("long", {"evaluate.finetune.report": "best-on-test",
                                "evaluate.finetune.epochs": 25})  # fmt: skip
    assert work(task_of("finetune", long))["features"] == 4 * 6


def copied(tmp_path, **resources):
    """Micro with a real UCF101 that is read from small copies, in four shards."""
    paper = yaml.safe_load((ROOT / "config/scales/paper.yaml").read_text())["datasets"]["ucf101"]
    prepare = {"to": "copies", "short_side": 32, "crf": 20, "keyframes": 4, "shards": 4}
    settings = yaml.safe_load(MICRO.read_text())
    settings["datasets"]["ucf101"] = paper | {"prepare": prepare}
    settings["resources"] |= resources
    file = tmp_path / "copied.yaml"
    file.write_text(yaml.safe_dump(settings))
    return file


def test_copies_count_their_shards_videos_and_threads(tmp_path):
    scale = copied(tmp_path, threads=5, gpus=2)
    tasks = {
        rule: task_of(rule, scale, run=None, data="ucf101")
        for rule in ("source", "index_originals", "prepare", "gather", "index")
    }
    assert work(tasks["prepare"]) == {"prepare": 34 / 4}
    assert work(tasks["index_originals"]) == work(tasks["index"]) == {"index": 34}
    assert work(tasks["gather"]) == {}
    taken = {rule: (task.gpus, task.threads) for rule, task in tasks.items()}
    assert taken["prepare"] == taken["index_originals"] == (0, 5)
    assert taken["gather"] == taken["source"] == (0, 1)
    assert [rule for rule, task in tasks.items() if not task.known] == ["source"]


def test_a_rule_that_nothing_tells_of_is_unknown(tmp_path):
    """Not 0 s: neither of another's rule in a plan, nor of a download."""
    copies = copied(tmp_path)
    tasks = [
        task_of(rule, copies, run=None, data=data)
        for rule, data in (
            *(("source", "ucf101"), ("prepare", "ucf101"), ("somebody's", "ucf101")),
            *(("somebody's", None), ("table", None)),
        )
    ]
    rows = {(row.rule, row.dataset): row for row in rows_of(tasks, History({}, ()))}
    assert rows.pop((SMALL, "")).hours == 0
    assert len(rows) == 4 and all(row.hours is None for row in rows.values())


def test_gpus_and_threads_are_the_rules(micro):
    scale = micro.scale("gpus", {"resources.gpus": 2, "resources.threads": 7})
    taken = {
        rule: (task.gpus, task.threads)
        for rule in ("pretrain", "finetune", "features", "linear", "index", "table")
        for task in [task_of(rule, scale)]
    }
    assert taken == {
        **{"pretrain": (2, 7), "finetune": (1, 7), "features": (1, 7)},
        **{"linear": (0, 1), "index": (0, 7), "table": (0, 1)},
    }
    assert task_of("pretrain", scale, run="random", data=None).gpus == 1


def test_equal_work_is_one_piece():
    tasks = [task_of(rule) for rule in ("pretrain", "features", "finetune", "bias", "linear")]
    verbs = [piece.verb for piece in pieces(tasks)]
    assert verbs == ["pretrain", "features", "altered", "finetune", "probe"]
    trainings = [task_of("pretrain", run=run, data=None) for run in ("moco-fame", "supervised")]
    assert len(pieces(trainings)) == 2


def test_a_run_in_a_few_words(root):
    paper = Experiments("paper", root / "config" / "tables")
    words = {described(run) for run in paper.runs.values()}
    assert words >= {"moco", "moco fame", "moco fame both", "moco fame intra", "random"}
    piece = Piece("pretrain", "moco fame", "i3d", "ucf101", "", None)
    assert piece.name == "pretrain moco fame i3d ucf101"


def test_finished_weights_are_called_by_their_file(tmp_path):
    run = Run("encoder", "r2plus1d", None, None, 0, {}, tmp_path / "mine.pth")
    assert described(run) == "weights mine"


@pytest.mark.parametrize("data", ["ucf101-w0", "hmdb51-w0"])
def test_counts_of_a_world_are_its_jobs_work(data, tmp_path):
    counts = count(Experiments(str(MICRO), TABLES).scale, data, tmp_path)
    assert work(task_of("index", run=None, data=data, counts=counts))["index"] == counts.every
