"""Frames of a mini world's videos, kept decoded beside them, so that no job decodes them again.

Decoding a world takes half as long as finetuning on it. A world's videos are lossless, so its
arrays hold what a decoder gives, bit for bit. Real videos are never kept in this way: decoded, they
are a hundred times as large.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from fame.data.video.decode import read_frames
from fame.data.video.facts import DecodeError

FOLDER = "frames"
"""Beside a world's `videos`; it has the same folders and one `.npy` per video."""

Pixels = npt.NDArray[np.uint8]


def keep(world: Path, path: str, frames: Pixels) -> None:
    """Keep a video's frames; write the video first, as older frames are not used.

    Args:
        world: the world's folder.
        path: the video's, relative to `world/videos`.
        frames: (T, H, W, 3) uint8 RGB.
    """
    file = world / FOLDER / f"{path}.npy"
    file.parent.mkdir(parents=True, exist_ok=True)
    np.save(file, frames, allow_pickle=False)


def frames_of(root: Path, path: str, numbers: npt.NDArray[np.int64]) -> Pixels:
    """Frames of a video by number, from its kept frames if there are any.

    Frames that are older than the video, or fewer than asked for, are not used; then the video
    itself is decoded, and an error is about the video.

    Args:
        root: the folder of the videos.
        path: the video's, relative to `root`.
        numbers: (n,) frame numbers from 0.

    Returns:
        (n, H, W, 3) uint8 RGB.

    Raises:
        DecodeError: as `read_frames`, or the kept frames are damaged.
    """
    video, file = root / path, root.parent / FOLDER / f"{path}.npy"
    if _is_current(file, video):
        kept = _loaded(file)
        if numbers.max() < len(kept):
            return kept[numbers]
    return read_frames(video, numbers.tolist())


def _is_current(file: Path, video: Path) -> bool:
    """Whether a video has kept frames that were written after it."""
    try:
        return file.stat().st_mtime_ns >= video.stat().st_mtime_ns
    except (FileNotFoundError, NotADirectoryError):
        return False


def _loaded(file: Path) -> Pixels:
    try:
        kept: Pixels = np.load(file, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise DecodeError(
            f"{file}: not whole frames ({error}); delete it, and the video itself is read."
        ) from None
    return kept
