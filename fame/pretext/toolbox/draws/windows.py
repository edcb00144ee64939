"""Windows of one video, one after the other, of which one is masked: the raw material of CBT."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fame.data.clips.sampling import Labelled, clip_indices, number_of_starts


@dataclass(frozen=True)
class Windows:
    """Draws consecutive windows that share no frame, and the one to mask, all equally likely.

    Attributes:
        frames: of a window.
        stride: native frames from one frame to the next.
        count: number of windows.
    """

    frames: int
    stride: int
    count: int

    def __call__(self, n: int, generator: np.random.Generator) -> Labelled:
        """Frame numbers (count, frames) in a video of `n` frames, and the masked window's number.

        A short video loops.
        """
        whole = self.count * self.frames
        start = int(generator.integers(number_of_starts(n, whole, self.stride)))
        numbers = clip_indices(start, n, whole, self.stride).reshape(self.count, self.frames)
        return Labelled(numbers, generator.integers(self.count, size=1))


def repeats(frames: Tensor, masked: Tensor) -> Tensor:
    """Which windows have the frames of their video's masked one, as where a short video loops.

    Args:
        frames: (B, W, T) frame numbers.
        masked: (B,) int64, the number of the masked window.

    Returns:
        (B, W) bool; False at the masked window itself.
    """
    rows = torch.arange(len(frames), device=frames.device)
    same = (frames == frames[rows, masked][:, None]).all(dim=2)
    same[rows, masked] = False
    return same
