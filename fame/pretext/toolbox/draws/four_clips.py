"""TempTrans's draw: a video untouched, forward-backward, shuffled, and warped in time."""

from dataclasses import dataclass

import numpy as np

from fame.data.clips.sampling import Labelled, clip_indices, number_of_starts

TRANSFORMATIONS = 4
LEAST = 4
"""Frames of a clip, below which the way out and back is shorter than the clip."""
PLAYED = 2
"""Clips whose speed is predicted: the untouched and the forward-backward one."""


def largest_doubling(n: int, frames: int, limit: int) -> int:
    """The largest k up to `limit` with `frames` 2^k <= n; 0 if there is none."""
    return max((k for k in range(limit + 1) if frames << k <= n), default=0)


def forward_backward(frames: int, step: int, shift: int, offset: int) -> np.ndarray:
    """Numbers (frames,) within a window of a clip that runs out and back.

    Args:
        frames: of the clip, at least 4.
        step: native frames from one frame to the next.
        shift: of the way back; below `step`, or 0 or 1 at step 1.
        offset: of the clip within the 2 (frames - 2) numbers of both ways.
    """
    out = step * np.arange(frames - 2)
    return np.concatenate([out, shift + out[::-1]])[offset : offset + frames]


def warped(steps: np.ndarray) -> np.ndarray:
    """Numbers (frames,) of a clip that begins with its first step: 2, 1, 3, 1 give 2, 3, 6, 7."""
    return np.cumsum(steps)


@dataclass(frozen=True)
class FourClips:
    """Draws the four clips of a video, in the order of their labels."""

    frames: int
    limit: int

    def __call__(self, n: int, generator: np.random.Generator) -> Labelled:
        """Frame numbers (4, T); k of the speed."""
        largest = largest_doubling(n, self.frames, self.limit)
        k = int(generator.integers(largest + 1))
        clips = (
            self._untouched(n, 1 << k, generator),
            self._there_and_back(n, 1 << k, generator),
            generator.permutation(self._untouched(n, 1, generator)),
            self._warped(n, largest, generator),
        )
        return Labelled(np.stack(clips), np.array([k]))

    def _untouched(self, n: int, step: int, generator: np.random.Generator) -> np.ndarray:
        start = int(generator.integers(number_of_starts(n, self.frames, step)))
        return clip_indices(start, n, self.frames, step)

    def _there_and_back(self, n: int, step: int, generator: np.random.Generator) -> np.ndarray:
        start = int(generator.integers(max(n - (self.frames - 1) * step, 0) + 1))
        shift = int(generator.integers(1, step)) if step > 1 else int(generator.integers(2))
        offset = int(generator.integers(self.frames - 3))
        return (start + forward_backward(self.frames, step, shift, offset)) % n

    def _warped(self, n: int, largest: int, generator: np.random.Generator) -> np.ndarray:
        if largest < 2:
            pool = n if n >= self.frames else 2 * self.frames
            return np.sort(generator.choice(pool, self.frames, replace=False)) % n
        start = int(generator.integers(number_of_starts(n, self.frames, 1 << largest)))
        steps = generator.integers(1, (1 << largest) + 1, size=self.frames)
        return start - 1 + warped(steps)
