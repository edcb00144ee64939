"""The training loop, independent of the method: resume, step, schedule, checkpoint.

Random draws are keyed by epoch and sample, and the learning rate is a function of the step, so
training resumes bit-identically from a checkpoint after any step (on the same kind of machine).
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from fame.config.optimiser import Optimiser
from fame.core.aside import aside
from fame.core.distributed import World
from fame.core.errors import FameError, Interrupted
from fame.data.clips.batch import Batch
from fame.data.clips.workers import explained
from fame.train import checkpoint
from fame.train.batches import Batches
from fame.train.precision import autocast, rounding
from fame.train.schedule import rate
from fame.train.sgd import SGD
from fame.train.stopping import Request, stop_requests
from fame.train.training_log import TrainingLog

LOG_EVERY = 10


class Trainable(Protocol):
    """What the loop trains. `module` contains all state that a checkpoint must save."""

    @property
    def module(self) -> torch.nn.Module:
        """The module with every parameter and buffer."""

    def loss(self, batch: Batch, step: int) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The loss of this process's share of a batch, and scalars to log."""


@dataclass(frozen=True)
class Plan:
    """The settings of one training run.

    Attributes:
        name: for the progress line.
        recipe: what defines the training, compared on resume.
        directory: folder of the checkpoints and the training log.
        batches: the batches of this process.
        epochs: number of epochs.
        optimiser: SGD settings.
        precision: the loop applies `tf32` and `bfloat16` (autocast); for `float64` the module and
            its views already have that type.
        checkpoint_minutes: between checkpoints.
        clips_per_step: clips in the global batch, for the displayed rate.
        on_epoch: called after each epoch (counted from 1) by the first process; its scalars
            are recorded.
    """

    name: str
    recipe: dict[str, Any]
    directory: Path
    batches: Batches
    epochs: int
    optimiser: Optimiser
    precision: str
    checkpoint_minutes: float
    clips_per_step: int
    on_epoch: Callable[[int], dict[str, float]]

    @property
    def steps(self) -> int:
        """Number of steps of the whole training."""
        return self.batches.steps_per_epoch * self.epochs

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints."""
        return self.directory / "checkpoints"

    def lr(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        return rate(self.optimiser, step, self.batches.steps_per_epoch, self.epochs)


def _sgd(module: torch.nn.Module, settings: Optimiser) -> SGD:
    parameters = [p for p in module.parameters() if p.requires_grad]
    return SGD(parameters, settings.momentum, settings.weight_decay)


def _check_finite(loss: float, step: int, plan: Plan) -> None:
    if not math.isfinite(loss):
        kept = checkpoint.newest(plan.checkpoints)
        raise FameError(
            f"{plan.name}: the loss is {loss} at step {step + 1}, at the learning rate "
            f"{plan.lr(step):.3g}; lower optimiser.lr (pretrain.rates for one method alone), add "
            "warmup_steps or use float32 precision "
            f"({f'{kept} is untouched' if kept else 'there was no checkpoint yet'})"
        )


def _take_step(
    trainable: Trainable,
    sgd: SGD,
    batch: Batch,
    step: int,
    plan: Plan,
    world: World,
    request: Request,
) -> tuple[dict[str, torch.Tensor], bool]:
    """One optimiser step.

    Returns:
        Its scalars, still on the device, and whether all processes must stop after this step
        because one of them received a signal.
    """
    sgd.zero_grad()
    moved = aside(world.device, lambda: batch.to(world.device))
    with rounding(plan.precision):
        with autocast(plan.precision, world.device):
            loss, scalars = trainable.loss(moved, step)
        # Averaged over processes, so that all stop if one has a NaN or a signal.
        asked = torch.full_like(loss, request.made)
        mean, asking = world.mean(torch.stack([loss.detach(), asked])).tolist()
        _check_finite(mean, step, plan)
        loss.backward()
    world.average_gradients(sgd.parameters)
    sgd.step(plan.lr(step))
    return {"loss": loss.detach(), **scalars}, asking > 0


def _resume(trainable: Trainable, sgd: SGD, plan: Plan) -> tuple[int, float, list[str]]:
    """Load the newest checkpoint, if any: steps done, seconds spent, remarks."""
    state, remarks = checkpoint.load(plan.checkpoints, plan.recipe)
    if state is None:
        return 0, 0.0, remarks
    trainable.module.load_state_dict(state.module)
    sgd.load_state_dict(state.optimiser)
    return state.step, state.seconds, [*remarks, f"{plan.name}: resuming from step {state.step}"]


def train(trainable: Trainable, plan: Plan, world: World) -> float:
    """Train to the end, from the newest checkpoint if there is one.

    Returns:
        Seconds spent, over all attempts.

    Raises:
        FameError: the loss is not finite, or the checkpoint is of another recipe.
        Interrupted: after a signal (once the checkpoint is written), or if a loader worker died.
    """
    sgd = _sgd(trainable.module, plan.optimiser)
    first, before, remarks = _resume(trainable, sgd, plan)
    training_log = TrainingLog(
        plan.directory, plan.name, plan.steps, first, plan.clips_per_step, world.is_first
    )
    for remark in remarks:
        training_log.say(remark)
    started = time.monotonic()

    def save(step: int) -> None:
        seconds = before + time.monotonic() - started
        state = checkpoint.Checkpoint(
            plan.recipe, step, seconds, trainable.module.state_dict(), sgd.state_dict()
        )
        if world.is_first:
            checkpoint.save(plan.checkpoints, state)

    try:
        with stop_requests() as request, explained(plan.name):
            _loop(trainable, sgd, plan, world, training_log, first, save, request)
    finally:
        training_log.close()
    return before + time.monotonic() - started


def _loop(
    trainable: Trainable,
    sgd: SGD,
    plan: Plan,
    world: World,
    training_log: TrainingLog,
    first: int,
    save: Callable[[int], None],
    request: Request,
) -> None:
    """Run every step from `first` on, with the actions after steps and epochs."""
    saved = time.monotonic()
    trainable.module.train()
    if first == plan.steps:
        return
    for step, batch in enumerate(plan.batches.batches(first), start=first):
        scalars, stopping = _take_step(trainable, sgd, batch, step, plan, world, request)
        done = step + 1
        stopping |= world.size == 1 and request.made  # one process can check as late as here
        last_of_epoch = done % plan.batches.steps_per_epoch == 0
        if done % LOG_EVERY == 0 or last_of_epoch:
            training_log.record(done, _summary(scalars, step, plan, world))
        if last_of_epoch and world.is_first:
            extra = plan.on_epoch(done // plan.batches.steps_per_epoch)
            if extra:
                training_log.record(done, extra)
            trainable.module.train()
        training_log.advance()
        due = time.monotonic() - saved > 60 * plan.checkpoint_minutes
        if due or stopping or done == plan.steps:
            save(done)
            saved = time.monotonic()
        if stopping and done < plan.steps:
            world.barrier()  # torchrun ends the other processes as soon as one has ended
            raise Interrupted(
                f"{plan.name}: stopped by {request.signal or 'a signal to another process'} after "
                f"step {done} of {plan.steps}, which is saved; rerun the same command to resume"
            )


def _summary(
    scalars: dict[str, torch.Tensor], step: int, plan: Plan, world: World
) -> dict[str, float]:
    """Scalars averaged over processes, and the learning rate."""
    means = world.mean(torch.stack([value.detach().double() for value in scalars.values()]))
    summary = dict(zip(scalars, means.tolist(), strict=True))
    return {**summary, "lr": plan.lr(step)}
