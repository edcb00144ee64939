"""Two windows of a video at single and at double speed (RSPNet; Chen et al., AAAI 2021)."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from fame.data.clips.batch import Batch
from fame.data.clips.sampling import clip_indices, number_of_starts

SPEEDS = (1, 2)


@dataclass(frozen=True)
class TwoWindows:
    """Draw two windows of a video, each played at single and at double speed from its start.

    A video shorter than a window loops.
    """

    frames: int
    stride: int

    def __call__(self, n: int, generator: np.random.Generator) -> np.ndarray:
        """Frame numbers (4, frames) int64: the query's window at both speeds, then the key's."""
        starts = generator.integers(
            number_of_starts(n, self.frames, max(SPEEDS) * self.stride), size=2
        )
        return np.stack(
            [
                clip_indices(int(start), n, self.frames, speed * self.stride)
                for start in starts
                for speed in SPEEDS
            ]
        )


def three_clips(batch: Batch, double: Tensor) -> Batch:
    """Clips q and k at one speed and k' at the other, of the four that `TwoWindows` draws.

    Args:
        batch: clips (B, 4, 3, T, H, W).
        double: (B,) bool, whose q and k are at double speed.
    """
    double = double.to(batch.clips.device).long()
    slots = torch.stack([double, 2 + double, 3 - double], dim=1)
    rows = torch.arange(len(double), device=double.device)[:, None]
    return replace(batch, clips=batch.clips[rows, slots], frames=batch.frames[rows, slots])
