"""The ledger: the official scale differs from the paper's in named switches and nothing else."""

import re
from math import factorial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fame.augment.merge import donors
from fame.config import reading
from fame.config.reading import load_scale, read_yaml
from fame.pipeline.experiments import Experiments

SWITCHES = {
    "max_short_side": (256, None),
    "pretrain.optimiser.schedule.kind": ("cosine", "cosine-epoch"),
    "pretrain.views.blur_draw": ("sample", "process"),
    "pretrain.views.jitter_kind": ("torchvision", "additive"),
    "evaluate.finetune.views.jitter_kind": ("torchvision", "additive"),
    "pretrain.merge.donors": ("derangement", "permutation"),
    "pretrain.merge.hue": ("correct", "official"),
    "pretrain.methods.moco.enqueue": ("step", "direction"),
    "evaluate.crop": ("short-side", "native"),
    "evaluate.linear.train_normalisation": ("normalised", "raw"),
    "evaluate.linear.batch": (128, 256),
    "evaluate.linear.lrs": ([1, 5, 10, 30], [30]),
    "evaluate.linear.report": ("last", "best-on-test"),
    "evaluate.finetune.report": ("last", "best-on-test"),
    "evaluate.retrieval.normalisation": ("pretraining", "imagenet"),
}
"""What paper.yaml says, and what official.yaml says."""


def flat(node, prefix=""):
    """Dotted keys of nested mappings, and their values."""
    if not isinstance(node, dict):
        return {prefix.removesuffix("."): node}
    return {k: v for key in node for k, v in flat(node[key], f"{prefix}{key}.").items()}


def settings_of(name):
    scale = flat(read_yaml(reading.SCALES / f"{name}.yaml"))
    return {key: value for key, value in scale.items() if key not in ("name", "note")}


def differences(one, other):
    one, other = settings_of(one), settings_of(other)
    absent = object()
    keys = one | other
    pairs = {key: (one.get(key, absent), other.get(key, absent)) for key in keys}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def test_the_official_scale_differs_from_the_papers_in_the_switches_only():
    assert differences("paper", "official") == SWITCHES


@pytest.mark.parametrize("switch", SWITCHES)
def test_every_switch_has_its_line_in_the_ledger_and_a_mark_in_the_scale(root, switch):
    ledger = (root / "docs" / "fidelity.md").read_text(encoding="utf-8")
    (row,) = [line for line in ledger.splitlines() if line.startswith(f"| `{switch}` |")]
    ours, theirs = ("null" if value is None else str(value) for value in SWITCHES[switch])
    assert f"`{ours}`" in row and f"`{theirs}`" in row
    scale = (reading.SCALES / "official.yaml").read_text(encoding="utf-8")
    value, key = re.escape(theirs), switch.rsplit(".", 1)[-1]
    assert re.search(rf"^ *{key}: {value} +# RELEASE: ", scale, re.MULTILINE)


def test_nothing_else_is_marked_as_the_releases():
    scale = (reading.SCALES / "official.yaml").read_text(encoding="utf-8")
    assert scale.count("# RELEASE: ") == len(SWITCHES)


def test_both_scales_take_the_releases_queues():
    for name in ("paper", "official"):
        assert load_scale(name).pretrain.methods.moco.queue == {
            "kinetics400": 65536,
            "ucf101": 2048,
        }


def test_official_runs_are_not_the_papers_runs_unless_untrained(root):
    runs = [
        set(Experiments(name, root / "config" / "tables").runs) for name in ("paper", "official")
    ]
    assert all(run.startswith("random-") for run in runs[0] & runs[1])


def test_the_ucf_scale_differs_from_the_papers_in_data_precision_and_machine():
    changes = differences("paper", "ucf")
    assert {
        key for key in changes if not key.startswith(("datasets.kinetics400.", "resources."))
    } == {
        "pretrain.precision",
        "pretrain.epochs.kinetics400",
        "pretrain.methods.moco.queue.kinetics400",
        "evaluate.finetune.precision",
    }
    scale = load_scale("ucf")
    assert "kinetics400" not in scale.datasets
    assert scale.resources.gpus == 1
    assert scale.pretrain.precision == scale.evaluate.finetune.precision == "bfloat16"


def test_the_ucf_scale_leaves_kinetics_rows_unmeasured(root):
    given = Experiments("ucf", root / "config" / "tables")
    assert {run.pretrain for run in given.runs.values()} <= {None, "ucf101"}
    kinetics = [row for row in given.table("table5").rows if row.recipe and row.recipe.pretrain]
    measured = {cell.row for cell in given.cells(["table5"])}
    assert kinetics
    assert not any(given.table("table5").rows[n] in kinetics for n in measured)


def test_the_ucf_scales_times_follow_from_its_settings():
    """UCF101 and HMDB51 split 1, Diving48: training videos as counted in the official lists."""
    scale = load_scale("ucf")
    text = (reading.SCALES / "ucf.yaml").read_text(encoding="utf-8")
    pretrain, tuning = scale.pretrain, scale.evaluate.finetune
    pairs = 9537 // pretrain.batch * pretrain.batch * pretrain.epochs["ucf101"]
    clips = {
        name: count // tuning.batch * tuning.batch * tuning.epochs
        for name, count in {"UCF101": 9537, "HMDB51": 3570, "Diving48": 15027}.items()
    }
    assert f"pretraining takes {pairs / 3600:.0f} / r hours" in text
    work = {"pretraining": pairs * 418} | {name: count * 154 for name, count in clips.items()}
    for name, gflop in work.items():
        line = re.search(rf"^# +(?:finetuning on )?{name}[ ,].*million.*$", text, re.M)[0]
        shown = [float(number) for number in re.findall(r"([\d.]+) h", line)]
        wanted = [gflop / rate / 1000 / 3600 for rate in (10, 30, 42)]
        assert shown == pytest.approx(wanted, rel=0.03, abs=0.06), name


def test_a_permutation_gives_one_clip_in_eight_its_own_background():
    """The ledger's 1/8: the fixed points of all permutations of a group, counted for sizes 3, 4."""
    for size in (3, 4):
        steps = 400 * factorial(size)
        drawn = [donors(0, step, 0, 1, size, "permutation") for step in range(steps)]
        own = np.mean(np.array(drawn) == np.arange(size))
        assert own == pytest.approx(1 / size, abs=4 * np.sqrt(1 / steps) / size)
    assert not any((donors(0, n, 0, 1, 8, "derangement") == np.arange(8)).any() for n in range(50))


@settings(max_examples=20)
@given(st.integers(0, 2**31))
def test_averaging_log_probabilities_ranks_classes_as_averaging_logits_does(seed):
    """The release averages the log-softmax of I3D's clips; it is no difference."""
    logits = torch.from_numpy(np.random.default_rng(seed).normal(size=(5, 10, 7)) * 5)
    ours, theirs = logits.mean(1), logits.log_softmax(-1).mean(1)
    shift = ours - theirs
    torch.testing.assert_close(shift, shift[:, :1].expand_as(shift))
    assert torch.equal(ours.argsort(-1), theirs.argsort(-1))
