"""Learning rate as a function of the step alone, so that a resumed run has no state to lose."""

import math
from bisect import bisect_right

from fame.config.scale import Optimiser


def rate(settings: Optimiser, step: int, steps_per_epoch: int, epochs: int) -> float:
    """The learning rate of one step.

    Linear warm-up over `warmup_steps`, times either half a cosine over the whole training or
    `gamma` for every milestone (in epochs) that has passed. `cosine` moves every step; `step`
    and `cosine-epoch` move once an epoch, as the FAME release does (facts A5).

    Args:
        settings: base rate and schedule.
        step: from 0.
        steps_per_epoch: optimiser steps in an epoch.
        epochs: of the whole training.
    """
    schedule = settings.schedule
    warm = min(1.0, (step + 1) / schedule.warmup_steps) if schedule.warmup_steps else 1.0
    epoch = step // steps_per_epoch
    if schedule.kind == "step":
        factor = schedule.gamma ** bisect_right(schedule.milestones, epoch)
    else:
        done = epoch * steps_per_epoch if schedule.kind == "cosine-epoch" else step
        factor = 0.5 * (1 + math.cos(math.pi * done / (steps_per_epoch * epochs)))
    return settings.lr * warm * factor
