"""The masks of a whole video: one for each window that a clip spans."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fame.core.errors import FameError
from fame.data.clips.sampling import clip_indices, window
from fame.data.video.decode import probe, stream_frames
from fame.data.video.facts import VideoInfo
from fame.data.video.resize import fitted, scaled_down

Mask = Callable[[Tensor], Tensor]
"""Clips (1, 3, T, H, W) in [0, 1] to masks (1, H, W) in [0, 1]."""


MOST = 4096
"""Maximum number of frames in memory; at 640 x 360 they take 3 GB, and 11 GB as floats."""


@dataclass(frozen=True)
class Window:
    """Neighbouring frames that share a mask.

    Attributes:
        frames: (n, H, W, 3) uint8 RGB.
        mask: (H, W) float32 in [0, 1].
    """

    frames: npt.NDArray[np.uint8]
    mask: npt.NDArray[np.float32]


def inspect(path: Path) -> VideoInfo:
    """Probe a video and refuse one without motion.

    Raises:
        FameError: it cannot be decoded, or holds a single frame.
    """
    info = probe(path)
    if info.frames < 2:
        raise FameError(f"{path}: has a single frame; motion needs two frames or more.")
    return info


def check_window(frames: int, length: int, stride: int) -> None:
    """Refuse clips that would exceed the memory.

    Args:
        frames: of the video.
        length: frames of a clip, in which a short video is looped.
        stride: frames from one frame of a clip to the next.

    Raises:
        FameError: more than `MOST` frames would be held.
    """
    if max(length, min(frames, window(length, stride))) > MOST:
        raise FameError(
            f"clips of {length} frames at stride {stride} hold more than {MOST} frames in memory; "
            "give a smaller --clip-frames or --stride"
        )


def frames_of(
    path: Path, info: VideoInfo, max_short_side: int | None
) -> Iterator[npt.NDArray[np.uint8]]:
    """A video's frames (H, W, 3), whose short side is at most `max_short_side` pixels."""
    size = fitted(info.height, info.width, max_short_side)
    for frame in stream_frames(path, info.decoder):
        yield frame if frame.shape[:2] == size else _resized(frame, max_short_side)


def _resized(frame: npt.NDArray[np.uint8], max_short_side: int | None) -> npt.NDArray[np.uint8]:
    # Contiguous, because the frames of a rotated video are views with negative strides.
    pixels = torch.from_numpy(np.ascontiguousarray(frame)).permute(2, 0, 1)
    return scaled_down(pixels, max_short_side).permute(1, 2, 0).contiguous().numpy()


def windows(
    frames: Iterable[npt.NDArray[np.uint8]], mask: Mask, length: int, stride: int
) -> Iterator[Window]:
    """Cut a video into windows of `length * stride` frames and mask each.

    The last window is shorter if the video's length is not a multiple; its mask is that of the last
    whole window. A video shorter than a window is looped, as in training, with a smaller stride
    if the given one would repeat a single frame.

    Args:
        frames: (H, W, 3) uint8 each, two or more.
        mask: of one clip.
        length: frames of a clip.
        stride: frames from one frame of a clip to the next.
    """
    span = window(length, stride)
    kept: deque[npt.NDArray[np.uint8]] = deque(maxlen=span)
    fresh = 0
    for frame in frames:
        kept.append(frame)
        fresh += 1
        if fresh == span:
            yield _window(kept, fresh, mask, length, stride)
            fresh = 0
    if fresh:
        yield _window(kept, fresh, mask, length, stride)


def _window(
    kept: Iterable[npt.NDArray[np.uint8]], fresh: int, mask: Mask, length: int, stride: int
) -> Window:
    pixels = np.stack(list(kept))
    return Window(pixels[-fresh:], mask_of(pixels, mask, length, stride))


def mask_of(
    pixels: npt.NDArray[np.uint8], mask: Mask, length: int, stride: int
) -> npt.NDArray[np.float32]:
    """The mask of the clip that starts with the first of these frames, (n, H, W, 3) to (H, W)."""
    n = len(pixels)
    numbers = clip_indices(0, n, length, max(1, min(stride, n - 1)))
    clip = torch.from_numpy(pixels[numbers]).permute(3, 0, 1, 2)[None].float() / 255
    soft: npt.NDArray[np.float32] = mask(clip)[0].numpy()
    return soft
