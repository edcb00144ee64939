"""Random draws of a loss itself, keyed by video and epoch."""

import numpy as np
import torch
from torch import Tensor

from fame.core.randomness import generator
from fame.data.clips.batch import Batch


def orders(seed: int, purpose: str, batch: Batch, count: int) -> Tensor:
    """A random order of `count` things for each video in its epoch: (B, count) int64, on the CPU.

    Args:
        seed: the run's seed.
        purpose: what is put in order; distinct purposes are independent.
        batch: gives the keys (epoch, video).
        count: number of things.
    """
    keys = zip(batch.epochs.tolist(), batch.indices.tolist(), strict=True)
    drawn = [generator(seed, purpose, *key).permutation(count) for key in keys]
    return torch.from_numpy(np.stack(drawn))


def kept(seed: int, batch: Batch, width: int, share: float) -> Tensor:
    """Factors of inverted dropout for a head's input, keyed by epoch and video.

    Args:
        seed: the run's seed.
        batch: whose epochs and indices key the draws.
        width: of the input that is dropped.
        share: dropped on average, in [0, 1).

    Returns:
        (B, width) float64 on the CPU: 0, or 1 / (1 - share).
    """
    keys = zip(batch.epochs.tolist(), batch.indices.tolist(), strict=True)
    draws = [generator(seed, "pretext-dropout", *key).random(width) for key in keys]
    return torch.from_numpy(np.stack(draws) >= share).double() / (1 - share)
