"""Trainings that are equal to the last digits, however many processes share them."""

import pytest
import torch
import yaml

from fame.core.files import sha256

# At 16 pixels the last maps are single pixels: normalised over the two clips of a group, they
# multiply a rounding error a millionfold within a few steps.
EXACT = {
    "backbones.r2plus1d.size": 32,
    "pretrain.epochs.kinetics400": 10,
    "pretrain.batch": 8,
    "pretrain.group": 2,
    "pretrain.precision": "float64",
    "pretrain.methods.moco.dim": 8,
    "pretrain.merge.merged_views": "both",
    "pretrain.monitor.every_epochs": 10,
    "evaluate.finetune.epochs": 1,
    "evaluate.finetune.group": 2,
    "evaluate.finetune.precision": "float64",
}
QUEUED = {"pretrain.methods.moco.queue": {"kinetics400": 16, "ucf101": 0}}
IN_BATCH = {
    "pretrain.methods.moco.queue": {"kinetics400": 0, "ucf101": 0},
    "pretrain.methods.moco.momentum": 0.0,
    "pretrain.methods.moco.shuffle": False,
}


def assert_equal_trainings(training, reference, steps):
    """Losses after every step and the final state, running statistics and queue included."""
    assert [line["step"] for line in reference.metrics() if "loss" in line] == steps
    for actual, expected in zip(training.metrics(), reference.metrics(), strict=True):
        assert actual == pytest.approx(expected, rel=1e-9)
    state, expected = training.state(), reference.state()
    assert state.keys() == expected.keys()
    for key, tensor in expected.items():
        torch.testing.assert_close(
            state[key], tensor, rtol=1e-9, atol=1e-9, msg=lambda m, key=key: f"{key}: {m}"
        )


def table_of(folder, recipe):
    """A folder of tables with one table of one row."""
    folder.mkdir()
    columns = {"u": {"title": "U", "dataset": "ucf101", "metric": "top1"}}
    row = {"show": {}, "task": "linear", "recipe": recipe}
    table = {"name": "own", "title": "", "source": "", "show": {}, "columns": columns}
    (folder / "own.yaml").write_text(yaml.safe_dump(table | {"rows": [row]}))
    return folder


def same_products(training, undisturbed):
    """Whether two trainings left the same encoder and the same training log."""
    names = ("encoder.safetensors", "metrics.jsonl")
    return [sha256(training.work / name) for name in names] == [
        sha256(undisturbed.work / name) for name in names
    ]
