"""The learning rate: a function of the step only, so it needs no state to resume."""

import math
from bisect import bisect_right
from typing import assert_never

from fame.config.optimiser import Optimiser


def rate(settings: Optimiser, step: int, steps_per_epoch: int, epochs: int) -> float:
    """The learning rate of one step.

    Linear warm-up over `warmup_steps`, times either half a cosine over the whole training or
    `gamma` for every milestone (in epochs) passed. `cosine` changes every step; `step` and
    `cosine-epoch` change once an epoch, as in the FAME release (facts A5).

    Args:
        settings: base rate and schedule.
        step: from 0.
        steps_per_epoch: optimiser steps in an epoch.
        epochs: number of epochs of the whole training.
    """
    schedule = settings.schedule
    warm = min(1.0, (step + 1) / schedule.warmup_steps) if schedule.warmup_steps else 1.0
    epoch = step // steps_per_epoch
    steps = steps_per_epoch * epochs
    match schedule.kind:
        case "step":
            factor = schedule.gamma ** bisect_right(schedule.milestones, epoch)
        case "cosine":
            factor = _half_cosine(step, steps)
        case "cosine-epoch":
            factor = _half_cosine(epoch * steps_per_epoch, steps)
        case _:
            assert_never(schedule.kind)
    return settings.lr * warm * factor


def _half_cosine(done: int, steps: int) -> float:
    """From 1 to 0 as `done` goes from 0 to `steps`."""
    return 0.5 * (1 + math.cos(math.pi * done / steps))
