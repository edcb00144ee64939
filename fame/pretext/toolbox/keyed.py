"""Labels that a loss draws itself, keyed by video and epoch."""

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
