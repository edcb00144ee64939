"""Why a result is missing: the step that failed, found by its files, and what its log says."""

import pytest
from micro_world import ROOT

from fame.config.datasets import Prepare
from fame.config.reading import load_scale
from fame.pipeline.experiments import Experiments
from fame.pipeline.missing import LONGEST, reason

TORCHRUN = """[rank0]: Traceback (most recent call last):
[rank0]: ValueError: the loss of rank 0 is odd
Traceback (most recent call last):
torch.distributed.elastic.multiprocessing.errors.ChildFailedError:
============================================================
fame FAILED
============================================================
"""


@pytest.fixture
def given():
    return Experiments("mini", ROOT / "config" / "tables")


@pytest.fixture
def run(given):
    runs = given.runs.values()
    return next(run for run in runs if run.pretrain == "kinetics400" and run.seed == 1)


def write(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def make(products):
    for product in products:
        write(product)


@pytest.fixture
def tree(tmp_path, run):
    """All products and logs on the way to a linear probe, as (step, products, log), in order."""
    pretrain, evaluate = tmp_path / "pretrain" / run.id, tmp_path / "evaluate" / run.id
    steps = []
    for data in (f"{run.pretrain}-w1", "ucf101-w1"):
        folder = tmp_path / "data" / data
        steps += [(f"world of {data}", [folder / "world"], folder / "world.log")]
        steps += [(f"index of {data}", [folder / "manifest.parquet"], folder / "index.log")]
    encoder = [pretrain / "encoder.safetensors", pretrain / "card.json"]
    steps.insert(2, ("pretraining", encoder, pretrain / "pretrain.log"))
    there = evaluate / "ucf101-w1"
    features = [there / f"features-{name}.npz" for name in ("pretraining", "bias")]
    steps += [("features of ucf101-w1", features, there / "features.log")]
    endings = ("json", "parquet", "confusion.csv", "classes.csv")
    linear = [there / f"linear.{ending}" for ending in endings]
    steps += [("linear on ucf101-w1", linear, there / "linear.log")]
    return steps


def explain(given, run, tmp_path, task="linear", **options):
    return reason(given.scale, run, "ucf101", task, tmp_path / "evaluate", **options)


@pytest.mark.parametrize("place", range(7))
def test_the_step_whose_inputs_are_there_is_to_blame(given, run, tmp_path, tree, place):
    before, (what, _, log), after = tree[:place], tree[place], tree[place + 1 :]
    for _, products, _ in before:
        make(products)
    write(log, "Traceback (most recent call last):\nOSError: the disk is gone\n")
    for _, _, later in after:  # of an earlier failure; it is not to blame now
        write(later, "fame: something else\n")
    assert explain(given, run, tmp_path) == f"{run.id}: {what} failed: OSError: the disk is gone"


def test_what_stands_there_from_earlier_counts_as_missing(given, run, tmp_path, tree):
    for _, products, log in tree:
        make(products)
        write(log)
    features = next(products[0] for what, products, _ in tree if what.startswith("features"))
    write(features.with_name("features.log"), "fame: the manifest is odd; index again\n")
    unmade = {str(features), str(tree[-1][1][0])}
    sentence = explain(given, run, tmp_path, unmade=unmade)
    assert sentence == f"{run.id}: features of ucf101-w1 failed: the manifest is odd; index again"


def test_of_two_that_are_missing_the_one_that_ran_is_to_blame(given, run, tmp_path, tree):
    for what, products, _ in tree:
        if what.startswith("world"):
            make(products)
    write(tmp_path / "data" / "ucf101-w1" / "index.log", "fame: no lists\n")
    assert explain(given, run, tmp_path) == f"{run.id}: index of ucf101-w1 failed: no lists"


def test_finetuning_needs_no_features(given, run, tmp_path, tree):
    for what, products, _ in tree:
        if what.startswith(("index", "pretraining")):
            make(products)
    sentence = explain(given, run, tmp_path, "finetune")
    assert sentence == f"{run.id}: finetune on ucf101-w1 has not run"


@pytest.mark.parametrize(
    ("log", "log_outcome"),
    [
        ("", "did not finish; its log is empty"),
        ("\n  \r\n", "did not finish; its log is empty"),
        ("epoch 1\repoch 2\repoch 3", "did not finish; its log ends: epoch 3"),
        ("fame: a | b; mend it\n", "failed: a | b; mend it"),
        ("KeyError: 'x'\nDuring handling\ntorch.OutOfMemoryError: full\nbye\n",
         "failed: torch.OutOfMemoryError: full"),
        ("x.py:1: UserWarning: odd\nepoch 1\n", "did not finish; its log ends: epoch 1"),
        (TORCHRUN, "failed: ValueError: the loss of rank 0 is odd"),
        ("\x1b[31mred\x07\n", "did not finish; its log ends: [31mred"),
    ],
)  # fmt: skip
def test_what_a_log_says(given, run, tmp_path, tree, log, log_outcome):
    for what, products, _ in tree:
        if not what.startswith(("pretraining", "features", "linear")):
            make(products)
    write(tmp_path / "pretrain" / run.id / "pretrain.log", log)
    assert explain(given, run, tmp_path) == f"{run.id}: pretraining {log_outcome}"


def test_a_long_log_is_searched_at_its_end_and_cut_to_a_line(given, run, tmp_path, tree):
    for what, products, _ in tree:
        if what.startswith(("world", "index")):
            make(products)
    text = "step\n" * 100_000 + "ValueError: " + "x" * 1000 + "\n"
    (tmp_path / "pretrain" / run.id).mkdir(parents=True)
    (tmp_path / "pretrain" / run.id / "pretrain.log").write_bytes(b"\xff" + text.encode())
    line = explain(given, run, tmp_path).partition(" failed: ")[2]
    assert line.startswith("ValueError: xxx") and line.endswith("…")
    assert len(line) == LONGEST + 1


@pytest.fixture
def copied(given):
    """The scale with an UCF101 that is read from small copies, in two shards."""
    paper = load_scale("paper").datasets["ucf101"]
    prepare = Prepare(to="copies", short_side=32, crf=20, keyframes=4, shards=2)
    datasets = given.scale.datasets | {"ucf101": paper.model_copy(update={"prepare": prepare})}
    return given.scale.model_copy(update={"datasets": datasets})


def test_a_shard_that_failed_is_named_and_not_the_index_before_it(copied, run, tmp_path, tree):
    """A full disk stops the copying; the index had done its work."""
    folder = tmp_path / "data" / "ucf101"
    for what, products, _ in tree:
        if what.startswith(("world of k", "index of k", "pretraining")):
            make(products)
    make([folder / "source.json", folder / "originals.parquet"])
    write(folder / "index.log", "indexed 13320 videos\n")
    write(folder / "prepared" / "1-of-2.json", "{}")
    write(folder / "prepared" / "0-of-2.log", "fame: copies: no space left on the disk\n")
    sentence = reason(copied, run, "ucf101", "linear", tmp_path / "evaluate")
    said = "copies 0-of-2 of ucf101 failed: copies: no space left on the disk"
    assert sentence == f"{run.id}: {said}"
    write(folder / "prepared" / "0-of-2.json", "{}")
    write(folder / "gather.log", "fame: too many videos\n")
    sentence = reason(copied, run, "ucf101", "linear", tmp_path / "evaluate")
    assert sentence == f"{run.id}: gathered copies of ucf101 failed: too many videos"
