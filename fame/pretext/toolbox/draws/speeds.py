"""Clips at single and at double speed: of two windows (RSPNet), or of any two starts (ASCNet)."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from fame.data.clips.batch import Batch
from fame.data.clips.sampling import clip_indices, number_of_starts

SPEEDS = (1, 2)


@dataclass(frozen=True)
class TwoWindows:
    """Draws two windows of a video, each played at single and at double speed from its start.

    RSPNet's (Chen et al., AAAI 2021). A video shorter than a window loops.

    Attributes:
        frames: of a clip.
        stride: native frames from one frame to the next at single speed.
        apart: windows do not overlap in videos with room for two. Where they overlap, clips of one
            speed share more frames than clips of two, and to match frames is enough.
    """

    frames: int
    stride: int
    apart: bool

    def __call__(self, n: int, generator: np.random.Generator) -> np.ndarray:
        """Frame numbers (4, frames) int64: the query's window at both speeds, then the key's."""
        return np.stack(
            [
                clip_indices(int(start), n, self.frames, speed * self.stride)
                for start in self._starts(n, generator)
                for speed in SPEEDS
            ]
        )

    def _starts(self, n: int, generator: np.random.Generator) -> np.ndarray:
        """The starts of the query's and the key's window."""
        span = max(SPEEDS) * self.stride * self.frames
        if not self.apart or n < 2 * span:
            return generator.integers(number_of_starts(n, span, 1), size=2)
        first, second = np.sort(generator.integers(n - 2 * span + 1, size=2))
        return generator.permutation([first, second + span])


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


@dataclass(frozen=True)
class PairedSpeeds:
    """Draws a clip at single and one at double speed.

    Both start wherever the faster one fits, so that the place says nothing of the speed; in a video
    shorter than that, both loop.

    Attributes:
        frames: of a clip.
        stride: native frames from one frame to the next at single speed.
    """

    frames: int
    stride: int

    def __call__(self, n: int, generator: np.random.Generator) -> np.ndarray:
        """Frame numbers (2, frames) int64, the clip at single speed first."""
        count = number_of_starts(n, self.frames, max(SPEEDS) * self.stride)
        return np.stack(
            [
                clip_indices(int(generator.integers(count)), n, self.frames, speed * self.stride)
                for speed in SPEEDS
            ]
        )
