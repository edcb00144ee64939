"""Frames of a video file by decord 0.6.0, where it is installed: the fallback, and a check of PyAV.

It always reads from the start, since its seeks and skips can be off by some frames (B-frames, in
AVI and MP4). It counts packets: if a packet gives no frame, it repeats the last frame at the end.
It loses the first frames of MPEG program streams, so these are left to PyAV, and it cannot open
AV1.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from fame.data.video.by_pyav import opened
from fame.data.video.facts import DecodeError, RefusedError, VideoInfo, check_file

_NOT_FOR_DECORD = ("mpeg", "mpegts")
_NOT_FOR_DECORD_BY_NAME = (".mpg", ".mpeg", ".vob", ".ts")  # where FFmpeg cannot say


@contextmanager
def _decord_reader(path: Path) -> Iterator[Any]:
    """A reader for one use (long-lived readers leak memory); decord's errors become ours."""
    check_file(path)
    try:
        import decord
    except ImportError:
        raise RefusedError(
            f"{path}: decord, which is to read it, is not installed; pip install decord."
        ) from None

    decord.logging.set_level(decord.logging.QUIET)
    try:
        yield decord.VideoReader(str(path), num_threads=1)
    except (decord.DECORDError, RuntimeError, StopIteration) as error:
        reason = str(error).strip().splitlines()[-1:] or ["no reason given"]
        raise RefusedError(f"{path}: decord cannot decode it ({reason[0][-120:]}).") from error


def probe_decord(path: Path) -> VideoInfo:
    """Facts about a video, from decoding every frame with decord."""
    with _decord_reader(path) as reader:
        frames = len(reader)
        shapes = [reader.next().shape for _ in range(frames)]
        if not shapes:
            raise DecodeError(f"{path}: no frame can be decoded.")
        height, width = shapes[0][:2]
        return VideoInfo(frames, float(reader.get_avg_fps()), width, height, "decord")


def read_decord(path: Path, wanted: set[int]) -> dict[int, np.ndarray]:
    """The wanted frames that the video has, by number; each (H, W, 3) uint8."""
    if _is_mpeg_stream(path):
        raise DecodeError(f"{path}: decord is not exact in MPEG streams; use PyAV.")
    kept: dict[int, np.ndarray] = {}
    with _decord_reader(path) as reader:
        for number in range(min(max(wanted) + 1, len(reader))):
            frame = reader.next()
            if number in wanted:
                kept[number] = frame.asnumpy()
    return kept


def stream_decord(path: Path) -> Iterator[np.ndarray]:
    """Every frame in order, (H, W, 3) uint8; one in memory at a time."""
    with _decord_reader(path) as reader:
        yield from (reader.next().asnumpy() for _ in range(len(reader)))


def _is_mpeg_stream(path: Path) -> bool:
    """Whether a file is an MPEG program or transport stream."""
    try:
        with opened(path) as (container, _):
            return container.format.name in _NOT_FOR_DECORD
    except RefusedError:
        return path.suffix.lower() in _NOT_FOR_DECORD_BY_NAME
