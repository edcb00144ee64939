"""Clip sampling: starts, frame numbers, and random draws for training.

A clip is `frames` frames, every `stride`-th of a window of `frames * stride` native frames
(facts A5: 16 frames at stride 2). A video shorter than the window loops; it is never dropped.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fame.core.errors import FameError


@dataclass(frozen=True)
class Labelled:
    """Frame numbers, with labels that cannot be computed from them.

    A method whose labels follow from the frame numbers (pace, order, direction) does not need
    this: it reads `Batch.frames`.

    Attributes:
        frames: `(clips, frames)` int64 frame numbers.
        labels: `(labels,)` whole numbers, as many for every video, or one number; they become
            `Batch.drawn`.
        onsets: `(clips,)` int64, the frame with which each clip's sound begins; None if that is the
            clip's first frame. A clip that runs backwards has the sound of its frames in time.
    """

    frames: np.ndarray
    labels: np.ndarray | int
    onsets: np.ndarray | None = None


Draw = Callable[[int, np.random.Generator], np.ndarray | Labelled]
"""(number of frames of a video, generator) -> frame numbers `(clips, frames)` int64."""


def checked(drawn: np.ndarray | Labelled, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The frame numbers and labels of a draw, as int64 arrays that PyTorch can take over.

    Args:
        drawn: what a draw returned.
        n: number of frames of the video.

    Returns:
        `(clips, frames)` and `(labels,)`; no labels if the draw gives none.

    Raises:
        FameError: not whole numbers, another shape, or frames that the video does not have.
    """
    given = drawn if isinstance(drawn, Labelled) else Labelled(drawn, np.empty(0, np.int64))
    frames, labels = np.asarray(given.frames), np.atleast_1d(given.labels)
    if frames.ndim != 2 or frames.dtype.kind not in "iu" or not frames.size:
        raise FameError(
            f"a draw returned frame numbers of shape {frames.shape} and type {frames.dtype}; "
            "make it return whole numbers (clips, frames)"
        )
    if frames.min() < 0 or frames.max() >= n:
        raise FameError(
            f"a draw returned frames {frames.min()} to {frames.max()} of a video that has {n}; "
            "make numbers past the end loop, as clip_indices does"
        )
    if labels.ndim != 1 or labels.dtype.kind not in "biu":
        raise FameError(
            f"a draw returned labels of shape {labels.shape} and type {labels.dtype}; "
            "make it return whole numbers (labels,), as many for every video"
        )
    # A mirrored clip has a negative stride, which PyTorch refuses.
    return np.ascontiguousarray(frames, np.int64), np.ascontiguousarray(labels, np.int64)


def window(frames: int, stride: int) -> int:
    """Native frames that a clip spans."""
    return frames * stride


def number_of_starts(n: int, frames: int, stride: int) -> int:
    """How many starts a video of `n` frames has; a short one loops, so any frame is a start."""
    span = window(frames, stride)
    return n - span + 1 if n >= span else n


def random_starts(
    n: int, frames: int, stride: int, clips: int, generator: np.random.Generator
) -> list[int]:
    """`clips` random starts, distinct if the video has that many."""
    count = number_of_starts(n, frames, stride)
    if count < clips:
        return [int(start) for start in generator.integers(count, size=clips)]
    return [int(start) for start in generator.choice(count, size=clips, replace=False)]


def uniform_starts(n: int, frames: int, stride: int, clips: int) -> list[int]:
    """`clips` starts evenly spread from the first to the last whole window (facts A6)."""
    last = max(n - window(frames, stride), 0)
    return [int(start) for start in np.rint(np.linspace(0, last, clips))]


def clip_indices(start: int, n: int, frames: int, stride: int) -> np.ndarray:
    """Frame numbers of a clip, `(frames,)` int64 in [0, n); they loop past the end."""
    return (start + stride * np.arange(frames)) % n


@dataclass(frozen=True)
class RandomClips:
    """Draws `clips` clips of `frames` frames at a `stride`, from distinct random starts.

    The two clips of a positive pair come from different times of one video (facts A5).
    """

    frames: int
    stride: int
    clips: int

    def __call__(self, n: int, generator: np.random.Generator) -> np.ndarray:
        """Frame numbers `(clips, frames)` int64 in a video of `n` frames."""
        starts = random_starts(n, self.frames, self.stride, self.clips, generator)
        return np.stack([clip_indices(start, n, self.frames, self.stride) for start in starts])
