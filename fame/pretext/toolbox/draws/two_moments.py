"""Two moments of a video, each forward or backward: the raw material of GDT."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fame.data.clips.sampling import Labelled, clip_indices, number_of_starts, window

Slot = tuple[int, bool]
"""The number of a moment, 0 or 1, and whether the clip runs backwards."""


@dataclass(frozen=True)
class TwoMoments:
    """Draws a clip for each slot, with the frame at which its sound begins.

    The label says whether the two moments are at least half a window apart. A moment told from one
    that is nearly the same is a contradiction. Videos shorter than the window loop, and never are.

    Attributes:
        frames: of a clip, T.
        stride: native frames from one frame of a clip to the next.
        slots: moments and directions.
        apart: whether starts are drawn apart where there is room, else independently.
    """

    frames: int
    stride: int
    slots: Sequence[Slot]
    apart: bool

    def __call__(self, n: int, generator: np.random.Generator) -> Labelled:
        """Frame numbers (slots, T) of a video of `n` frames, 1 or 0 for apart or not, onsets."""
        count, span = number_of_starts(n, self.frames, self.stride), self._span
        starts = generator.integers(count, size=2)
        half = -(-span // 2)
        if self.apart and n >= span and count > half:
            gap = int(generator.integers(half, count))
            first = int(generator.integers(count - gap))
            starts = generator.permutation([first, first + gap])
        far = n >= span and abs(int(starts[0]) - int(starts[1])) >= half
        clips = [self._clip(int(starts[moment]), n, back) for moment, back in self.slots]
        onsets = np.array([starts[moment] for moment, _ in self.slots], dtype=np.int64)
        return Labelled(np.stack(clips), np.array([far], dtype=np.int64), onsets)

    @property
    def _span(self) -> int:
        return window(self.frames, self.stride)

    def _clip(self, start: int, n: int, back: bool) -> np.ndarray:
        numbers = clip_indices(start, n, self.frames, self.stride)
        return numbers[::-1].copy() if back else numbers
