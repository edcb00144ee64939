"""A short training by the project's own loop that records every step's loss."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.checks.clips import Clips, Span
from benchmarks.checks.sizes import alone
from benchmarks.checks.stepping import Arithmetic
from fame.config.scale import Scale
from fame.data.clips.batch import Batch
from fame.pipeline.runs import Run
from fame.pretext.common import Method
from fame.train.engine import Plan, train
from fame.train.pretrain import build_method

NEVER = 1e9
"""Minutes between checkpoints."""


class Recorded:
    """A method for the training loop that records its losses (on the device)."""

    def __init__(self, method: Method) -> None:
        self.module = method
        self._losses: list[Tensor] = []
        self._contrasts: list[Tensor] = []

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The method's loss."""
        loss, scalars = self.module.loss(batch, step)
        self._losses.append(loss.detach().float())
        self._contrasts.append(scalars["contrast"])
        return loss, scalars

    @property
    def losses(self) -> list[float]:
        """The loss of each step."""
        return [round(float(loss), 6) for loss in self._losses]

    @property
    def contrasts(self) -> list[float]:
        """For each step, the share of queries whose nearest key is their own."""
        return [round(float(share), 4) for share in self._contrasts]


@dataclass(frozen=True)
class Course:
    """The settings of a short training.

    Attributes:
        scale: the recipe.
        run: gives method, backbone and merging.
        steps: number of steps; only the schedule rounds it up to whole epochs.
        precision: as in a scale's `pretrain`.
        checkpoint_minutes: minutes between checkpoints.
        go_on: called with each step (from 0); training stops if it returns false.
        workers: loader processes.
    """

    scale: Scale
    run: Run
    steps: int
    precision: Arithmetic
    checkpoint_minutes: float
    go_on: Callable[[int], bool]
    workers: int = 0


def span_of(scale: Scale, run: Run, count: int) -> Span:
    """How a run's clips are sampled."""
    backbone = scale.backbones[run.backbone]
    return Span(backbone.frames, backbone.stride, count)


def short_training(
    course: Course, clips: Clips, directory: Path, device: torch.device
) -> tuple[Method, Recorded]:
    """Train; checkpoints and training log go to `directory`, from which a second call resumes."""
    scale, run, world = course.scale, course.run, alone(device)
    method = build_method(scale, run, world)
    recorded = Recorded(method)
    batch = scale.pretrain.batch
    epochs = -(-course.steps // max(len(clips) // batch, 1))
    feed = clips.batches(
        span_of(scale, run, method.clips),
        batch,
        epochs,
        run.seed,
        lambda step: step < course.steps and course.go_on(step),
        course.workers,
    )
    plan = Plan(
        name=run.id,
        recipe={"run": run.recipe},
        directory=directory,
        batches=feed,
        epochs=epochs,
        optimiser=scale.pretrain.optimiser_of(run.method),
        precision=course.precision,
        checkpoint_minutes=course.checkpoint_minutes,
        clips_per_step=batch * method.clips,
        on_epoch=lambda epoch: {},
    )
    train(recorded, plan, world)
    return method, recorded
