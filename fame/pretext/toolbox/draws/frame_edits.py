"""A clip whose motion is disturbed by copying and swapping frames (DSM; Wang et al., AAAI 2021)."""

from dataclasses import dataclass

import numpy as np

from fame.data.clips.sampling import clip_indices, number_of_starts

ROUNDS, PER = 2, 10
"""Two rounds of each kind of edit, each with one edit for every ten frames, at least one."""


def inserted(order: np.ndarray, taken: int, before: int) -> np.ndarray:
    """A copy of item `taken` before position `before`; the rest shifts and the last is dropped."""
    return np.insert(order, before, order[taken])[:-1]


def edited(order: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The items (T,) after random insertions, then random swaps; never as they were.

    T must be at least 2, and the items must not all be equal.
    """
    count = ROUNDS * max(1, len(order) // PER)
    result = order
    for _ in range(count):
        taken, before = generator.integers(len(order), size=2)
        result = inserted(result, int(taken), int(before))
    result = result.copy()
    swaps = 0
    while swaps < count or (result == order).all():
        pair = generator.choice(len(order), 2, replace=False)
        result[pair] = result[pair[::-1]]
        swaps += 1
    return result


@dataclass(frozen=True)
class EditedAgain:
    """Draws one clip twice (query and key) and, third, the same clip with its frames edited."""

    frames: int
    stride: int

    def __call__(self, n: int, generator: np.random.Generator) -> np.ndarray:
        """Frame numbers (3, frames) int64 in a video of `n` frames, which loops if it is short."""
        start = int(generator.integers(number_of_starts(n, self.frames, self.stride)))
        numbers = clip_indices(start, n, self.frames, self.stride)
        order = edited(np.arange(self.frames), generator)
        return np.stack([numbers, numbers, numbers[order]])
