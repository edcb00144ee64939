"""Three clips of a video, one after the other with gaps: the raw material of VCOP and VCP."""

from dataclasses import dataclass

import numpy as np

from fame.data.clips.sampling import clip_indices, window

CLIPS = 3

FITS, CLOSER, LOOPED = range(3)
LENGTHS = ("fits", "smaller_gap", "looped")
"""What became of a video: long enough, gaps shrunk, or frames repeated."""


@dataclass(frozen=True)
class Trio:
    """Three clips in the order of time.

    Attributes:
        frames: (3, T) int64 frame numbers.
        first: start of the first clip.
        end: frame after the last clip's window; beyond the video if that loops.
        length: one of `FITS`, `CLOSER`, `LOOPED`.
    """

    frames: np.ndarray
    first: int
    end: int
    length: int


@dataclass(frozen=True)
class Spaced:
    """Draws three clips with equal gaps, from a uniform start.

    A video too short for the gaps has smaller ones, as large as fit; one too short for three clips
    without gaps loops. Frames are never repeated at a clip's end, which would mark the last clip.

    Attributes:
        frames: of a clip, T.
        stride: native frames from one frame of a clip to the next.
        gap: native frames between two clips' windows.
    """

    frames: int
    stride: int
    gap: int

    def __call__(self, n: int, generator: np.random.Generator) -> Trio:
        """Three clips of a video of `n` frames."""
        span = window(self.frames, self.stride)
        gap = min(self.gap, max(n - CLIPS * span, 0) // (CLIPS - 1))
        whole = CLIPS * span + (CLIPS - 1) * gap
        looped = n < whole
        first = int(generator.integers(n if looped else n - whole + 1))
        starts = [first + number * (span + gap) for number in range(CLIPS)]
        frames = np.stack([clip_indices(start, n, self.frames, self.stride) for start in starts])
        length = LOOPED if looped else FITS if gap == self.gap else CLOSER
        return Trio(frames, first, first + whole, length)
