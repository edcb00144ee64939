"""Selection on the test set: what the release does, named as such, and not the default."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
import torch
from micro_world import choose

from fame.core.distributed import World
from fame.core.errors import FameError
from fame.core.files import sha256, write_json
from fame.evaluate.metrics import accuracy
from fame.evaluate.metrics.selection import BestOnTest
from fame.evaluate.tasks import finetune as finetuning
from fame.evaluate.tasks.finetune import finetune
from fame.models import build_encoder
from fame.models.files import save_encoder

LABELS = np.array([0, 1, 2, 0])
CPU = World(0, 1, torch.device("cpu"))
STEADY = {
    "lr": 0.05,
    "momentum": 0.9,
    "weight_decay": 0.0001,
    "schedule": {"kind": "step", "milestones": [], "gamma": 0.1, "warmup_steps": 0},
}
"""A rate that does not depend on the number of epochs."""
THREE = {"epochs": 3, "optimiser": STEADY}


def scores(right, shift=0.0):
    """Logits (4, 3) that are right for the first `right` videos."""
    guess = np.where(np.arange(4) < right, LABELS, (LABELS + 1) % 3)
    return np.eye(3, dtype=np.float32)[guess] + np.float32(shift)


def test_the_best_epoch_is_kept_and_the_first_among_equals():
    best = BestOnTest(4, 3)
    found = [
        best.offer(10 * (n + 1), scores(n_right, n), LABELS)
        for n, n_right in enumerate((0, 3, 1, 3, 2))
    ]
    assert found == [0, 75, 25, 75, 50]
    assert int(best.epoch) == 20
    assert np.array_equal(best.scores(), scores(3, 1))
    assert float(best.last) == 50


def test_a_first_epoch_without_a_hit_is_kept_until_a_better_one():
    best = BestOnTest(4, 3)
    best.offer(10, scores(0, 5), LABELS)
    assert int(best.epoch) == 10
    assert np.array_equal(best.scores(), scores(0, 5))


def test_a_diverged_network_is_refused():
    with pytest.raises(FameError, match="diverged"):
        BestOnTest(4, 3).offer(10, np.full((4, 3), np.nan, np.float32), LABELS)


def test_it_has_no_parameters_and_survives_in_a_state_dict():
    best, other = BestOnTest(4, 3), BestOnTest(4, 3)
    best.offer(10, scores(2), LABELS)
    other.load_state_dict(best.state_dict())
    assert not list(best.parameters())
    assert (int(other.epoch), float(other.last)) == (10, 50)
    assert np.array_equal(other.scores(), best.scores())


@pytest.fixture
def often(monkeypatch):
    """Tests every epoch."""
    monkeypatch.setattr(finetuning, "epochs_tested", lambda epochs: range(1, epochs + 1))


def trained(micro, directory, seed=0, videos=None, clips=2, **changes):
    """Finetune the micro network on the micro UCF101, from fresh weights."""
    changes = {f"evaluate.finetune.{key}": value for key, value in changes.items()}
    changes["resources.checkpoint_minutes"] = 1e-9  # after every step
    changes["evaluate.clips"] = clips
    scale, run = choose(micro.scale("finetuned", changes), "random-r2plus1d")
    encoder = build_encoder(scale.backbones[run.backbone].encoder, seed=seed)
    videos = videos or micro.videos("ucf101")
    return finetune(scale, run.backbone, encoder, videos, seed, {}, directory, CPU)


def tops_of(directory):
    """The test accuracies in a training's training log."""
    lines = (directory / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line)["test_top1"] for line in lines if "test_top1" in line]


def declining(micro, place):
    """A training whose last epoch is not its best, and its seed: processors differ in which."""
    for seed in range(10):
        found = trained(micro, place / f"{seed}", seed, report="best-on-test", **THREE)
        if found.last < max(tops_of(place / f"{seed}")):
            return found, seed
    pytest.fail("the last epoch was the best one for every seed: the toy shows nothing")


@pytest.mark.slow
def test_selection_changes_what_is_reported_and_nothing_else(micro, tmp_path, often):
    found, seed = declining(micro, tmp_path / "best")
    tops = tops_of(tmp_path / "best" / f"{seed}")
    assert len(tops) == 3
    assert found.last == tops[2] < max(tops)
    assert found.epoch == 1 + tops.index(max(tops))
    for epochs in (found.epoch, 3):
        plain = trained(micro, tmp_path / f"{epochs}", seed, **THREE | {"epochs": epochs})
        assert accuracy.top(plain.logits, plain.labels, 1) == tops[epochs - 1]
        assert (plain.epoch, plain.last) == (epochs, tops[epochs - 1])
        assert np.array_equal(plain.logits, found.logits) == (epochs == found.epoch)


@pytest.mark.slow
def test_an_interruption_does_not_forget_the_best_epoch(micro, tmp_path, often, monkeypatch):
    whole = trained(micro, tmp_path / "whole", report="best-on-test", **THREE)
    real, calls = finetuning.BestOnTest.offer, []

    def interrupted(self, epoch, *arguments):
        calls.append(epoch)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(self, epoch, *arguments)

    monkeypatch.setattr(finetuning.BestOnTest, "offer", interrupted)
    with pytest.raises(KeyboardInterrupt):
        trained(micro, tmp_path / "cut", report="best-on-test", **THREE)
    again = trained(micro, tmp_path / "cut", report="best-on-test", **THREE)
    assert calls[:3] == [1, 2, 3]
    assert calls[3:] == [3], "the resumed run must not test earlier epochs again"
    assert (again.epoch, again.last) == (whole.epoch, whole.last)
    assert np.array_equal(again.logits, whole.logits)


def test_a_checkpoint_of_the_other_report_is_refused(micro, tmp_path, often):
    trained(micro, tmp_path / "work", epochs=1)
    with pytest.raises(FameError, match="recipe"):
        trained(micro, tmp_path / "work", epochs=1, report="best-on-test")


def test_a_checkpoint_of_another_test_is_refused(micro, tmp_path, often):
    trained(micro, tmp_path / "work", epochs=1, report="best-on-test")
    videos = micro.videos("ucf101")
    table = videos.table
    rows = [table[table["split"] == "train"], table[table["split"] == "test"].iloc[::-1]]
    others = dataclasses.replace(videos, table=pd.concat(rows))
    with pytest.raises(FameError, match=r"test\.data"):
        trained(micro, tmp_path / "work", videos=others, epochs=1, report="best-on-test")
    with pytest.raises(FameError, match=r"test\.shown\.clips"):
        trained(micro, tmp_path / "work", clips=3, epochs=1, report="best-on-test")


def test_the_result_says_which_epoch_it_is_of(micro, tmp_path):
    changes = {"evaluate.finetune.report": "best-on-test", "evaluate.finetune.epochs": 1}
    scale, run = choose(micro.scale("best", changes), "random-r2plus1d")
    encoder, out = tmp_path / "encoder.safetensors", tmp_path / "finetune.json"
    save_encoder(encoder, build_encoder(scale.backbones[run.backbone].encoder, seed=0))
    write_json(tmp_path / "card.json", {"run": run.id, "encoder_sha256": sha256(encoder)})
    manifest = micro.manifest("ucf101")
    finetuning.run(scale, run, encoder, manifest, out, CPU)
    result = json.loads(out.read_text())
    details = result["details"]
    assert (details["report"], details["epoch"]) == ("best-on-test", 1)
    assert details["last_epoch_top1"] == result["metrics"]["top1"]
