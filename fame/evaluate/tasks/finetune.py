"""Finetuning (facts A6): the whole network on labelled clips, tested on uniform clips.

One random clip per video and epoch, dropout before the classifier, no FAME. The last epoch is
reported and nothing is selected on test data, unless the scale replays the release's
`best-on-test`.
"""

import copy
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from fame.augment.views import Views
from fame.config.evaluation import Finetune
from fame.config.scale import Scale
from fame.core.cards import of_run
from fame.core.distributed import World, groups_of
from fame.core.files import owned
from fame.core.randomness import generator
from fame.data.clips.batch import Batch
from fame.data.clips.dataset import TrainClips
from fame.data.clips.sampling import RandomClips
from fame.data.manifest import Manifest
from fame.evaluate.features.clipspec import ClipSpec
from fame.evaluate.features.encode import VIDEOS_AT_A_TIME, Work, clip_outputs
from fame.evaluate.metrics import accuracy, confusion
from fame.evaluate.metrics.selection import BestOnTest
from fame.evaluate.results import write_predictions, write_result
from fame.evaluate.sufficient import check
from fame.models.encoder import Encoder
from fame.models.files import load_encoder
from fame.models.group_batchnorm import configure, convert, kernels
from fame.models.seeding import keyed_initialisation
from fame.pipeline.runs import Run
from fame.pipeline.tasks import Task, epochs_tested, origin_of_result, versions_of
from fame.train.batches import batches
from fame.train.engine import Plan, train
from fame.train.precision import parameter_dtype

TASK = Task(
    does="Finetune an encoder on a dataset and write its accuracy; rerun to resume.",
    settings=("evaluate.finetune", "evaluate.clips", "evaluate.crop", "max_short_side"),
    metrics=("top1", "top5"),
    files=(".parquet", ".confusion.csv", ".classes.csv"),
    version=2,
)


class Classifier(torch.nn.Module):
    """Encoder, dropout, linear layer: clips (B, 3, T, H, W) to logits (B, classes).

    The linear layer starts from N(0, 0.01) and a zero bias, as the release's R(2+1)D does.
    `selection` is not used in the forward pass; it is a submodule so that it is moved and saved in
    checkpoints with the weights.
    """

    def __init__(
        self, encoder: Encoder, classes: int, seed: int, selection: BestOnTest | None = None
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.selection = selection
        self.linear = torch.nn.Linear(encoder.feature_dim, classes)
        with keyed_initialisation(seed, "classifier"):
            torch.nn.init.normal_(self.linear.weight, std=0.01)
            torch.nn.init.zeros_(self.linear.bias)

    def forward(self, clips: Tensor, keep: Tensor | None = None) -> Tensor:
        """Logits; `keep` (B, D) multiplies the features (inverted dropout)."""
        features = self.encoder(clips)
        return self.linear(features if keep is None else features * keep)


class Finetuning:
    """Cross-entropy on augmented clips, as a `Trainable` of the training loop."""

    def __init__(self, module: Classifier, views: Views, dropout: float, seed: int) -> None:
        self.module = module
        self._views, self._dropout, self._seed = views, dropout, seed

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss and the share of correctly classified clips."""
        (clips,) = self._views(batch, step)
        logits = self.module(clips, self.dropout_factors(batch).to(clips.device, clips.dtype))
        hits = (logits.argmax(dim=1) == batch.labels).float().mean()
        return cross_entropy(logits, batch.labels), {"accuracy": hits}

    def dropout_factors(self, batch: Batch) -> Tensor:
        """Dropout factors (B, D): 0, or 1 / (1 - p); keyed by epoch and video."""
        draws = [
            generator(self._seed, "dropout", epoch, index).random(self.module.encoder.feature_dim)
            for epoch, index in zip(batch.epochs.tolist(), batch.indices.tolist(), strict=True)
        ]
        kept = torch.from_numpy(np.stack(draws) >= self._dropout)
        return kept.double() / (1 - self._dropout)


@dataclass(frozen=True)
class Scores:
    """The finetuned network's predictions for the test videos.

    Attributes:
        logits: (N, classes) float32, the mean over a video's clips.
        labels: (N,) int64.
        videos: N names.
        classes: names, in label order.
        n_train: number of training videos.
        seconds: of training, over all attempts.
        batchnorm: what computed it in training, as `kernels` says.
        epoch: the epoch of the logits, counted from 1.
        last: top-1 accuracy in percent after the last epoch, which differs from the logits' if
            these were selected.
    """

    logits: np.ndarray
    labels: np.ndarray
    videos: list[str]
    classes: list[str]
    n_train: int
    seconds: float
    batchnorm: str
    epoch: int
    last: float


@dataclass(frozen=True)
class _Test:
    """The test videos and the settings of the test."""

    videos: Manifest
    spec: ClipSpec
    work: Work

    def scores(self, model: Classifier) -> np.ndarray:
        """Logits (N, classes) float32, each the mean over a video's clips."""
        single = copy.deepcopy(model).float()
        return clip_outputs(single, self.videos, self.spec, self.work).mean(axis=1)

    def identity(self) -> dict[str, Any]:
        """The settings that the scores depend on."""
        return {"data": self.videos.fingerprint(), "shown": asdict(self.spec)}


def finetune(
    scale: Scale,
    backbone_name: str,
    encoder: Encoder,
    manifest: Manifest,
    seed: int,
    recipe: dict[str, Any],
    directory: Path,
    world: World,
) -> Scores | None:
    """Finetune an encoder on a dataset's training videos and score its test videos.

    Args:
        scale: settings of finetuning and of the test clips.
        backbone_name: the key of the encoder's backbone.
        encoder: pretrained or freshly initialised.
        manifest: the dataset, with `train` and `test` videos.
        seed: keys every draw.
        recipe: the definition of this training, compared when it is resumed.
        directory: for checkpoints and the training log.
        world: this process among its peers.

    Returns:
        The scores, in the first process; nothing in the others, which do not test: their
        BatchNorm has no running statistics.
    """
    settings, backbone = scale.evaluate.finetune, scale.backbones[backbone_name]
    work = Work(world.device, VIDEOS_AT_A_TIME, scale.resources.workers, parts=None)
    test = _Test(manifest.select("test"), ClipSpec.of(scale, backbone, settings.views), work)
    selection = None
    if settings.report == "best-on-test":
        selection = BestOnTest(len(test.videos), len(manifest.classes))
    trainable = finetuning(
        settings,
        backbone.size,
        encoder,
        len(manifest.classes),
        seed,
        world,
        scale.resources.fused_norm,
        selection,
    )
    model = trainable.module
    videos = manifest.select("train")
    plan = _plan(scale, backbone_name, videos, seed, recipe, directory, world)
    if selection is not None:
        plan = replace(
            plan,
            recipe=plan.recipe | {"test": test.identity()},
            on_epoch=_selecting(model, selection, test, settings.epochs),
        )
    seconds = train(trainable, plan, world)
    if not world.is_first:
        return None
    logits, epoch, last = _reported(model, test, settings.epochs)
    return Scores(
        logits=logits,
        labels=test.videos.labels(),
        videos=test.videos.table["video"].tolist(),
        classes=manifest.classes,
        n_train=len(videos),
        seconds=seconds,
        batchnorm=kernels(model, world.device),
        epoch=epoch,
        last=last,
    )


def finetuning(
    settings: Finetune,
    size: int,
    encoder: Encoder,
    classes: int,
    seed: int,
    world: World,
    fused: bool,
    selection: BestOnTest | None = None,
) -> Finetuning:
    """The trainable: the classifier with grouped BatchNorm, on this process's device.

    Args:
        settings: of finetuning.
        size: of the encoder's clips, in pixels.
        encoder: pretrained or freshly initialised.
        classes: of the dataset.
        seed: keys every draw.
        world: this process among its peers.
        fused: the scale's `resources.fused_norm`.
        selection: keeps the scores of the best epoch, if that one is reported.
    """
    groups = groups_of(world, settings.batch, settings.group)
    model = convert(Classifier(encoder, classes, seed, selection), settings.group)
    configure(model, update_running=groups.start == 0, fused=fused)
    dtype = parameter_dtype(settings.precision)
    model.to(world.device, dtype)
    views = Views(settings.views, size, None, settings.group, seed, world, dtype)
    return Finetuning(model, views, settings.dropout, seed)


def _reported(model: Classifier, test: _Test, epochs: int) -> tuple[np.ndarray, int, float]:
    """The logits to report, their epoch, and the last epoch's top-1 accuracy."""
    if model.selection is not None:
        best = model.selection
        return best.scores(), int(best.epoch), float(best.last)
    logits = test.scores(model)
    return logits, epochs, accuracy.top(logits, test.videos.labels(), 1)


def _selecting(
    model: Classifier, selection: BestOnTest, test: _Test, epochs: int
) -> Callable[[int], dict[str, float]]:
    """A callback after each epoch, which tests some epochs and keeps the best scores."""
    labels = test.videos.labels()

    def after(epoch: int) -> dict[str, float]:
        if epoch not in epochs_tested(epochs):
            return {}
        return {"test_top1": selection.offer(epoch, test.scores(model), labels)}

    return after


def _plan(
    scale: Scale,
    backbone_name: str,
    videos: Manifest,
    seed: int,
    recipe: dict[str, Any],
    directory: Path,
    world: World,
) -> Plan:
    settings, backbone = scale.evaluate.finetune, scale.backbones[backbone_name]
    dataset = TrainClips(
        videos,
        RandomClips(backbone.frames, backbone.stride, clips=1),
        seed=seed,
        max_short_side=scale.max_short_side,
        cache_mib=scale.resources.cache_mib,
    )

    source = batches(dataset, settings.batch, settings.epochs, seed, world, scale.resources.workers)
    return Plan(
        name=f"finetune {directory.parent.name}",
        recipe={
            "finetune": recipe,
            "backbone": backbone.model_dump(mode="json", exclude={"title"}),
            "max_short_side": scale.max_short_side,
            "data": videos.fingerprint(),
        },
        directory=directory,
        batches=source,
        epochs=settings.epochs,
        optimiser=settings.optimiser,
        precision=settings.precision,
        checkpoint_minutes=scale.resources.checkpoint_minutes,
        clips_per_step=settings.batch,
        on_epoch=lambda epoch: {},
    )


def run(scale: Scale, chosen: Run, encoder: Path, manifest: Path, out: Path, world: World) -> None:
    """Finetune and test; writes the result, `finetune.parquet` and `confusion.write`'s files.

    `finetune.work` holds the checkpoints until the result is written, then only the training log.
    """
    work = out.with_suffix(".work")
    with owned(work) if world.is_first else nullcontext():
        _run(scale, chosen, encoder, manifest, out, work, world)


def _run(
    scale: Scale, chosen: Run, encoder: Path, manifest: Path, out: Path, work: Path, world: World
) -> None:
    card = of_run(encoder, chosen.id)
    videos = Manifest.read(manifest).labelled()
    check(videos, scale, ("finetune",))
    network = load_encoder(encoder, scale.backbones[chosen.backbone].encoder)
    recipe = {
        "settings": scale.evaluate.finetune.model_dump(mode="json"),
        "encoder": card["encoder_sha256"],
        "versions": versions_of("finetune"),
        "seed": chosen.seed,
    }
    scores = finetune(scale, chosen.backbone, network, videos, chosen.seed, recipe, work, world)
    if scores is None:
        return
    write_predictions(
        out.with_suffix(".parquet"), np.array(scores.videos), scores.labels, scores.logits
    )
    confusion.write(out, scores.labels, scores.logits.argmax(axis=1), scores.classes)
    write_result(
        out,
        task="finetune",
        run=chosen.id,
        data=manifest.parent.name,
        dataset=videos.dataset,
        seed=chosen.seed,
        metrics={f"top{k}": accuracy.top(scores.logits, scores.labels, k) for k in (1, 5)},
        details={
            "chance": 100 / len(scores.classes),
            "per_class": dict(
                zip(scores.classes, accuracy.per_class(scores.logits, scores.labels), strict=True)
            ),
            "untrained": videos.untrained_classes(),
            "n_train": scores.n_train,
            "n_test": len(scores.labels),
            "report": scale.evaluate.finetune.report,
            "epoch": scores.epoch,
            "last_epoch_top1": scores.last,
            "seconds": round(scores.seconds, 1),
            "batchnorm": scores.batchnorm,
            "data_fingerprint": videos.fingerprint(),
            **origin_of_result(scale, "finetune"),
        },
    )
    shutil.rmtree(work / "checkpoints", ignore_errors=True)
