"""A short training by the project's own loop, with every step's loss kept."""

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
from fame.pipeline.experiments import Run
from fame.pretext.common import Method
from fame.train.engine import Plan, train
from fame.train.pretrain import build_method

NEVER = 1e9
"""Minutes between checkpoints."""


class Recorded:
    """A method as the training loop wants it, that remembers its losses (on the device)."""

    def __init__(self, method: Method) -> None:
        self.module = method
        self._losses: list[Tensor] = []
        self._contrasts: list[Tensor] = []

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The method's."""
        loss, scalars = self.module.loss(batch, step)
        self._losses.append(loss.detach().float())
        self._contrasts.append(scalars["contrast"])
        return loss, scalars

    @property
    def losses(self) -> list[float]:
        """Of each step."""
        return [round(float(loss), 6) for loss in self._losses]

    @property
    def contrasts(self) -> list[float]:
        """Of each step: the share of queries whose own key is the nearest."""
        return [round(float(share), 4) for share in self._contrasts]


@dataclass(frozen=True)
class Course:
    """A short training's terms.

    Attributes:
        scale: the recipe.
        run: which method, backbone and merging.
        steps: length; rounded up to whole epochs for the schedule, but no step more is done.
        precision: as in a scale's `pretrain`.
        checkpoint_minutes: between checkpoints.
        go_on: asked before each step (counted from 0).
    """

    scale: Scale
    run: Run
    steps: int
    precision: Arithmetic
    checkpoint_minutes: float
    go_on: Callable[[int], bool]


def span_of(scale: Scale, run: Run, count: int) -> Span:
    """How a run's clips are cut."""
    backbone = scale.backbones[run.backbone]
    return Span(backbone.frames, backbone.stride, count)


def short_training(
    course: Course, clips: Clips, directory: Path, device: torch.device
) -> tuple[Method, Recorded]:
    """Train; checkpoints and journal go to `directory`, from which a second call goes on."""
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
    )
    plan = Plan(
        name=run.id,
        recipe={"run": run.recipe},
        directory=directory,
        batches=feed,
        epochs=epochs,
        optimiser=scale.pretrain.optimiser,
        precision=course.precision,
        checkpoint_minutes=course.checkpoint_minutes,
        clips_per_step=batch * method.clips,
        on_epoch=lambda epoch: {},
    )
    train(recorded, plan, world)
    return method, recorded
