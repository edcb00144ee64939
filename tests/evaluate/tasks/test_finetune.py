"""Finetuning: its loss and dropout by hand, and a training from start to scores."""

import numpy as np
import pytest
import torch
from micro_world import choose
from torch import nn

from fame.config.reading import load_scale
from fame.core.distributed import World
from fame.core.errors import FameError
from fame.data.clips.batch import Batch
from fame.evaluate.tasks.finetune import Classifier, Finetuning, finetune
from fame.models import build_encoder
from fame.models.encoder import Encoder
from fame.train import checkpoint

WORLD = World(0, 1, torch.device("cpu"))
BATCH, CLASSES = 6, 4


class Tiny(Encoder):
    """Averages the clip and applies a matrix."""

    feature_dim = 50

    def __init__(self):
        super().__init__()
        self.matrix = nn.Linear(3, 50)

    def maps(self, x):
        return self.matrix(x.mean(dim=(2, 3, 4)))[:, :, None, None, None]


def batch(order=None):
    order = torch.arange(BATCH) if order is None else order
    nothing = torch.zeros(BATCH, 1, 3, 1, 2, 2, dtype=torch.uint8)
    epochs = torch.full((BATCH,), 2)
    sizes, frames = torch.full((BATCH, 2), 2), torch.zeros(BATCH, 1, 1, dtype=torch.int64)
    return Batch(nothing, sizes, order % CLASSES, order, epochs, frames, frames[:, 0, :0])


def task(dropout):
    torch.manual_seed(0)
    clips = torch.randn(BATCH, 3, 2, 4, 4)
    module = Classifier(Tiny(), CLASSES, seed=3)
    with torch.no_grad():
        module.linear.weight.mul_(100)
    return Finetuning(module, lambda *_: [clips], dropout, seed=3), clips


def test_loss_and_accuracy_by_hand():
    trainable, clips = task(dropout=0.3)
    keep = trainable.dropout_factors(batch()).numpy()
    loss, scalars = trainable.loss(batch(), 0)
    matrix, linear = trainable.module.encoder.matrix, trainable.module.linear
    x = clips.numpy().mean(axis=(2, 3, 4))
    x = x @ matrix.weight.detach().numpy().T + matrix.bias.detach().numpy()
    logits = (x * keep) @ linear.weight.detach().numpy().T + linear.bias.detach().numpy()
    total, right = 0.0, 0
    for row, label in zip(logits, batch().labels.tolist(), strict=True):
        total -= row[label] - np.log(np.exp(row).sum())
        right += int(row.argmax() == label)
    assert loss.item() == pytest.approx(total / BATCH, rel=1e-4)
    assert scalars["accuracy"].item() == pytest.approx(right / BATCH)


def test_dropout_belongs_to_the_video_and_the_epoch():
    trainable, _ = task(dropout=0.3)
    keep = trainable.dropout_factors(batch())
    assert keep.unique().tolist() == [0.0, pytest.approx(1 / 0.7)]
    assert 0.2 < (keep == 0).double().mean() < 0.4
    order = torch.tensor([3, 1, 5, 0, 2, 4])
    assert torch.equal(trainable.dropout_factors(batch(order)), keep[order])
    later = batch()
    later.epochs.add_(1)
    assert not torch.equal(trainable.dropout_factors(later), keep)


def test_no_dropout_keeps_everything():
    trainable, _ = task(dropout=0.0)
    assert (trainable.dropout_factors(batch()) == 1).all()


def test_the_classifier_starts_small_and_from_the_seed():
    torch.manual_seed(1)
    first = Classifier(Tiny(), 1000, seed=3).linear
    torch.manual_seed(2)
    second = Classifier(Tiny(), 1000, seed=3).linear
    assert torch.equal(first.weight, second.weight)
    assert first.weight.std().item() == pytest.approx(0.01, rel=0.02)
    assert not first.bias.any()


def run(micro, scale, place, recipe=None):
    """Finetune a fresh encoder on the micro UCF101."""
    settings = load_scale(str(scale))
    encoder = build_encoder(settings.backbones["r2plus1d"].encoder, seed=0)
    recipe = recipe or {"encoder": "fresh"}
    videos = micro.videos("ucf101")
    return finetune(settings, "r2plus1d", encoder, videos, 0, recipe, place, WORLD)


@pytest.fixture(scope="module")
def finished(micro, tmp_path_factory):
    place = tmp_path_factory.mktemp("work") / "finetune.work"
    scale = micro.scale("once", {"evaluate.finetune.epochs": 1})
    return place, run(micro, scale, place)


def test_scores_of_the_test_videos(micro, finished):
    _, scores = finished
    test = micro.videos("ucf101").select("test")
    assert scores.logits.shape == (len(test), len(test.classes))
    assert scores.logits.dtype == np.float32 and np.isfinite(scores.logits).all()
    assert scores.labels.tolist() == test.labels().tolist()
    assert scores.videos == test.table["video"].tolist()
    assert scores.n_train == len(micro.videos("ucf101").select("train"))
    assert scores.seconds > 0


def test_a_finished_training_is_only_tested_again(micro, finished, capsys):
    place, scores = finished
    again = run(micro, micro.scale("again", {"evaluate.finetune.epochs": 1}), place)
    assert "resuming from step 7" in capsys.readouterr().err
    np.testing.assert_array_equal(again.logits, scores.logits)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("backbones.r2plus1d.stride", 1, r"backbone\.stride: 2, not 1"),
        ("max_short_side", 32, r"max_short_side: None, not 32"),
    ],
)
def test_clips_of_another_kind_are_refused(micro, finished, path, value, sentence):
    place, _ = finished
    scale = micro.scale("other", {"evaluate.finetune.epochs": 1, path: value})
    with pytest.raises(FameError, match=sentence):
        run(micro, scale, place)


def test_double_precision_trains_in_double_and_is_tested_in_single(micro, tmp_path):
    changes = {"evaluate.finetune.epochs": 1, "evaluate.finetune.precision": "float64"}
    scale = micro.scale("double", changes)
    scores = run(micro, scale, tmp_path / "work")
    assert scores.logits.dtype == np.float32
    (path,) = (tmp_path / "work" / "checkpoints").glob("*.pt")
    state = torch.load(path, weights_only=True)["module"]
    assert state["linear.weight"].dtype == torch.float64


class Second(World):
    """The second of two processes, without the first."""

    def mean(self, tensor):
        return tensor.detach()

    def average_gradients(self, parameters):
        pass


@pytest.mark.parametrize("report", ["last", "best-on-test"])
def test_only_the_first_process_tests(micro, tmp_path, monkeypatch, report):
    monkeypatch.setattr("fame.evaluate.tasks.finetune.clip_outputs", None)
    changes = {"evaluate.finetune.epochs": 1, "evaluate.finetune.report": report}
    scale, _ = choose(micro.scale("two", changes), "moco-fame")
    encoder = build_encoder(scale.backbones["r2plus1d"].encoder, seed=0)
    second = Second(1, 2, torch.device("cpu"))
    videos = micro.videos("ucf101")
    assert finetune(scale, "r2plus1d", encoder, videos, 0, {}, tmp_path, second) is None


def test_more_processes_than_groups_are_refused(micro, tmp_path):
    scale, _ = choose(micro.scale("plain"), "moco-fame")
    encoder = build_encoder(scale.backbones["r2plus1d"].encoder, seed=0)
    crowd = World(0, 4, torch.device("cpu"))
    with pytest.raises(FameError, match="4 processes cannot share a batch of 8 in groups of 4"):
        finetune(scale, "r2plus1d", encoder, micro.videos("ucf101"), 0, {}, tmp_path, crowd)
    assert checkpoint.load(tmp_path / "checkpoints", {}) == (None, [])
