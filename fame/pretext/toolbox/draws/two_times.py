"""One clip twice, and a clip from another time of the same video (BE, DSM)."""

from dataclasses import dataclass

import numpy as np

from fame.data.clips.sampling import clip_indices, number_of_starts


@dataclass(frozen=True)
class TwoTimes:
    """Draws one clip twice (query and key) and, third, a clip from another time of the video.

    A video with room for a single window loops for the third clip, as short videos always do.
    """

    frames: int
    stride: int

    def __call__(self, n: int, generator: np.random.Generator) -> np.ndarray:
        """Frame numbers (3, frames) int64 in a video of `n` frames."""
        count = number_of_starts(n, self.frames, self.stride)
        start = int(generator.integers(count))
        room = count if count > 1 else n
        other = (start + int(generator.integers(1, max(room, 2)))) % room
        return np.stack(
            [clip_indices(first, n, self.frames, self.stride) for first in (start, start, other)]
        )
