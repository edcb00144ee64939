"""Linear probe: one linear layer on frozen features (facts A7).

The learning rate is chosen on held-out training videos, never on test data; the layer is
then trained again on all training videos. The last epoch is reported, unless the scale replays the
release's `best-on-test`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import nn

from fame.config.evaluation import Linear
from fame.config.scale import Scale
from fame.core.errors import FameError
from fame.core.randomness import generator
from fame.evaluate.features.store import Features, load_in
from fame.evaluate.metrics import accuracy, confusion
from fame.evaluate.metrics.holdout import held_out
from fame.evaluate.metrics.selection import BestOnTest
from fame.evaluate.results import write_predictions, write_result
from fame.pipeline.tasks import Task, epochs_tested, origin_of_result
from fame.train.sgd import SGD

TASK = Task(
    does="Train a linear probe on features and write its accuracy.",
    settings=("evaluate.linear",),
    metrics=("top1", "top5"),
    features=("pretraining", "{evaluate.linear.train_normalisation}"),
    files=(".parquet", ".confusion.csv", ".classes.csv"),
)

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Clips:
    """Videos as tensors: clips (N, clips, D) float32 and labels (N,) int64."""

    clips: torch.Tensor
    labels: torch.Tensor


def probe(
    features: Features,
    settings: Linear,
    seed: int,
    device: str | torch.device = "cpu",
    fitted: Features | None = None,
) -> dict[str, Any]:
    """Train and test the linear probe.

    Each epoch uses one keyed-random clip of every training video. A test video's scores are
    the mean logits of its clips. Equal arguments give equal numbers on one machine.

    Args:
        features: with the splits "train" and "test".
        settings: the scale's `evaluate.linear`.
        seed: of initialisation, held-out share, order and clips.
        device: where to train.
        fitted: features of the same videos, in the same order, to train on; None for `features`.
            They differ if training clips are normalised differently (`train_normalisation`).

    Returns:
        `metrics`: `top1` and `top5` in percent; `details`: `chance` (percent, 100 / classes),
        `lr` chosen, `holdout` (percent for each candidate, empty if there is only one),
        `report`, `epoch` (of the scores), `last_epoch_top1`,
        `per_class` (percent, None without test videos), `untrained` (classes with test videos but
        no training video), `n_train`, `n_test`, `n_holdout`;
        and the arrays `videos`, `labels`, `predictions` (N_test,) and `scores`
        (N_test, classes) float32.

    Raises:
        FameError: if a split is empty or lacks labels, every learning rate diverges, or `fitted`
            holds other videos.
    """
    fitted = features if fitted is None else fitted
    if not np.array_equal(fitted.videos, features.videos):
        raise FameError("the probe's two sets of features hold other videos; extract both again")
    train, test = features.rows("train"), features.rows("test")
    lr, holdout, held = choose(features, fitted, train, settings, seed, device)
    training = clips_of(fitted, train, settings, device)
    tested = clips_of(features, test, settings, device)
    scores, epoch, last = _tested(training, tested, features.count, settings, lr, seed)
    labels = features.labels[test]
    return {
        "metrics": {f"top{k}": accuracy.top(scores, labels, k) for k in (1, 5)},
        "details": {
            "chance": 100 / features.count,
            "lr": lr,
            "holdout": holdout,
            "per_class": dict(
                zip(features.classes, accuracy.per_class(scores, labels), strict=True)
            ),
            "untrained": features.untrained,
            "n_train": len(train),
            "n_test": len(test),
            "n_holdout": held,
            "report": settings.report,
            "epoch": epoch,
            "last_epoch_top1": last,
        },
        "videos": features.videos[test],
        "labels": labels,
        "predictions": scores.argmax(axis=1),
        "scores": scores,
    }


def clips_of(
    features: Features, rows: Integers, settings: Linear, device: str | torch.device
) -> Clips:
    """The rows' clips on the device, each L2-normalised if the settings say so."""
    clips = torch.from_numpy(features.features[rows]).to(device)
    if settings.normalise:
        clips = F.normalize(clips, dim=-1)
    return Clips(clips, torch.from_numpy(features.labels[rows]).to(device))


def choose(
    features: Features,
    fitted: Features,
    train: Integers,
    settings: Linear,
    seed: int,
    device: str | torch.device,
) -> tuple[float, dict[str, float], int]:
    """The learning rate, the held-out accuracy of each candidate, and the videos held out.

    Sees training rows only. Among equal accuracies the smallest rate wins; a candidate that
    diverges counts as 0.
    """
    if len(settings.lrs) == 1:
        return settings.lrs[0], {}, 0
    held = held_out(features.labels[train], features.groups[train], settings.holdout, seed)
    training = clips_of(fitted, train[~held], settings, device)
    validation = clips_of(features, train[held], settings, device)
    labels = features.labels[train[held]]
    accuracies: dict[float, float] = {}
    for lr in sorted(settings.lrs):
        scores = mean_logits(fit(training, features.count, settings, lr, seed), validation.clips)
        accuracies[lr] = accuracy.top(scores, labels, 1) if np.isfinite(scores).all() else 0.0
    best = max(accuracies, key=lambda lr: accuracies[lr])
    return best, {f"{lr:g}": accuracies[lr] for lr in settings.lrs}, int(held.sum())


def _tested(
    training: Clips, tested: Clips, classes: int, settings: Linear, lr: float, seed: int
) -> tuple[npt.NDArray[np.float32], int, float]:
    """Train, test: the scores to report (N_test, classes), their epoch, the last epoch's top-1."""
    labels = tested.labels.cpu().numpy()
    best = BestOnTest(len(labels), classes)

    def after(epoch: int, layer: nn.Linear) -> None:
        chosen = settings.report == "best-on-test" and epoch in epochs_tested(settings.epochs)
        if chosen or epoch == settings.epochs:
            best.offer(epoch, mean_logits(layer, tested.clips), labels)

    fit(training, classes, settings, lr, seed, after)
    return best.scores(), int(best.epoch), float(best.last)


def fit(
    videos: Clips,
    classes: int,
    settings: Linear,
    lr: float,
    seed: int,
    after: Callable[[int, nn.Linear], None] = lambda epoch, layer: None,
) -> nn.Linear:
    """Train the layer: SGD with momentum, times `gamma` at each milestone (epochs).

    Args:
        videos: the training videos; the last batch of an epoch may be smaller.
        classes: number of outputs.
        settings: batch, epochs, momentum, weight decay and schedule.
        lr: learning rate of the first epoch.
        seed: of initialisation, order and clips.
        after: called after each epoch, counted from 1.
    """
    layer = _layer(videos.clips, classes, seed)
    sgd = SGD(layer.parameters(), settings.momentum, settings.weight_decay)
    for epoch in range(settings.epochs):
        inputs, labels = _epoch(videos, seed, epoch)
        rate = lr * settings.gamma ** sum(epoch >= mark for mark in settings.milestones)
        for start in range(0, len(labels), settings.batch):
            batch = slice(start, start + settings.batch)
            sgd.zero_grad()
            F.cross_entropy(layer(inputs[batch]), labels[batch]).backward()
            sgd.step(rate)
        after(epoch + 1, layer)
    return layer


def _layer(clips: torch.Tensor, classes: int, seed: int) -> nn.Linear:
    """Weights N(0, 0.01), bias zero (facts A7), whatever the state of torch's generators."""
    # Its own first weights are overwritten. Not by `skip_init`, which imports SymPy for a second.
    with torch.random.fork_rng(devices=[]):
        layer = nn.Linear(clips.shape[-1], classes).to(clips.device)
    draw = generator(seed, "probe-initialisation").normal(0, 0.01, (classes, clips.shape[-1]))
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(draw))
        layer.bias.zero_()
    return layer


def _epoch(videos: Clips, seed: int, epoch: int) -> tuple[torch.Tensor, torch.Tensor]:
    """One clip of each video in the epoch's order: (N, D) and (N,)."""
    count, clips = videos.clips.shape[:2]
    order = torch.from_numpy(generator(seed, "probe-order", epoch).permutation(count))
    picks = torch.from_numpy(generator(seed, "probe-clip", epoch).integers(clips, size=count))
    order, picks = order.to(videos.clips.device), picks.to(videos.clips.device)
    return videos.clips[order, picks], videos.labels[order]


@torch.no_grad()
def mean_logits(layer: nn.Linear, clips: torch.Tensor) -> npt.NDArray[np.float32]:
    """Logits averaged over the clips: (N, clips, D) to (N, classes) float32."""
    scores: npt.NDArray[np.float32] = layer(clips).mean(dim=1).cpu().numpy()
    return scores


def run(scale: Scale, source: Path, out: Path) -> None:
    """Probe features linearly; writes the result, `linear.parquet` and `confusion.write`'s files.

    Args:
        scale: for `evaluate.linear`; if it trains on raw clips, their features are read too.
        source: the folder of the features.
        out: the result's file.

    Raises:
        FameError: features are missing, or as `probe` says.
    """
    settings = scale.evaluate.linear
    features = load_in(source, "pretraining")
    fitted = load_in(source, "raw") if settings.train_normalisation == "raw" else features
    probed = probe(features, settings, features.meta["seed"], fitted=fitted)
    write_predictions(
        out.with_suffix(".parquet"), probed["videos"], probed["labels"], probed["scores"]
    )
    confusion.write(out, probed["labels"], probed["predictions"], features.classes)
    write_result(
        out,
        task="linear",
        metrics=probed["metrics"],
        details=probed["details"] | origin_of_result(scale, "linear"),
        **features.origin,
    )
