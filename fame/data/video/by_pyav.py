"""Frames of a video file by PyAV, the first choice: it counts and seeks exactly.

Random access is used only in containers that store presentation times (`TIMESTAMPED`), recognised
by a file's content and not by its name; any other file is decoded from its start, which costs
little, as videos in action recognition last seconds. So is a file in which two frames share a time
(Matroska counts milliseconds), since a time then names no frame.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from fame.data.video.facts import DecodeError, RefusedError, VideoInfo, check_file

TIMESTAMPED = ("mov", "matroska")
"""FFmpeg's names for the containers MP4, M4V, MOV and 3GP, and MKV and WebM."""

_LEAST_SHARE = 0.9  # of the frames that the header declares; fewer mean a truncated file


@contextmanager
def opened(path: Path) -> Iterator[tuple[Any, Any]]:
    """Open a container and its best video stream, on one thread; PyAV's errors become ours."""
    check_file(path)
    # Imported here, so that clips in memory can be trained on without a decoder installed.
    import av

    try:
        with av.open(str(path)) as container:
            stream = container.streams.best("video")
            if stream is None:
                raise DecodeError(f"{path}: the file holds no video stream.")
            if stream.codec_context is None:
                raise RefusedError(f"{path}: its video is in a code that PyAV does not know.")
            stream.codec_context.thread_count = 1
            yield container, stream
    except av.FFmpegError as error:
        raise RefusedError(f"{path}: cannot be decoded ({error.strerror}).") from error


def timestamped(container: Any) -> bool:
    """Whether a container stores presentation times, by its content: an AVI may be called .mp4."""
    return container.format.name.split(",")[0] in TIMESTAMPED


def probe_pyav(path: Path) -> VideoInfo:
    """Facts about a video, from decoding every frame with PyAV; see `probe`."""
    packets: list[int] = []
    frames: list[int] = []
    shapes: list[tuple[int, int, int]] = []
    discarded = 0
    with opened(path) as (container, stream):
        for packet in container.demux(stream):
            if packet.pts is not None:
                discarded += packet.is_discard
                packets += [] if packet.is_discard else [packet.pts]
            for frame in packet.decode():
                frames.append(frame.pts)
                shapes.append((frame.width, frame.height, frame.rotation))
        rate = _rate(stream)
        promised = stream.frames - discarded
        by_time = timestamped(container)
    if not frames:
        raise DecodeError(f"{path}: no frame can be decoded.")
    if by_time:
        _check_times(path, packets, frames, promised)
    return VideoInfo(len(frames), rate, *upright_size(path, shapes), "pyav")


def count_frames(path: Path) -> tuple[int, float] | None:
    """The number of frames by the packets' times, without decoding, and frames per second.

    None if the container stores no times, or if the count disagrees with its header.
    """
    with opened(path) as (container, stream):
        if not timestamped(container):
            return None
        packets = [packet for packet in container.demux(stream) if packet.pts is not None]
        count = sum(not packet.is_discard for packet in packets)
        promised = stream.frames - len(packets) + count
        return (count, _rate(stream)) if count and count >= _LEAST_SHARE * promised else None


def _rate(stream: Any) -> float:
    """Average frames per second; 0 if the file does not say."""
    return float(stream.average_rate or stream.guessed_rate or 0)


def upright_size(path: Path, shapes: list[tuple[int, int, int]]) -> tuple[int, int]:
    """The (width, height) of all frames, from the width, height and rotation of each."""
    if len(set(shapes)) > 1:
        raise DecodeError(f"{path}: its frames differ in size or rotation; transcode it.")
    width, height, rotation = shapes[0]
    return (height, width) if rotation % 180 else (width, height)


def _check_times(path: Path, packets: list[int], frames: list[int], promised: int) -> None:
    """Refuse a file that is truncated or whose frames cannot be read by number."""
    if len(frames) < _LEAST_SHARE * promised:
        raise DecodeError(
            f"{path}: promises {promised} frames but gives {len(frames)}, so it is cut short."
        )
    if sorted(packets) != frames:
        raise DecodeError(
            f"{path}: its time stamps do not match its frames, so it cannot be read "
            "by number; transcode it."
        )


def read_pyav(path: Path, wanted: set[int]) -> dict[int, np.ndarray]:
    """Those of the wanted frames that PyAV can read, by number; each (H, W, 3) uint8."""
    with opened(path) as (container, stream):
        if not timestamped(container):
            return collect_frames(enumerate(container.decode(stream)), wanted)
        frames = collect_frames(frames_near(container, stream, wanted), wanted)
    if frames.keys() == wanted:
        return frames
    with opened(path) as (container, stream):
        return collect_frames(enumerate(container.decode(stream)), wanted)


def stream_pyav(path: Path) -> Iterator[np.ndarray]:
    """Every frame in order, (H, W, 3) uint8; one in memory at a time."""
    with opened(path) as (container, stream):
        yield from map(_rgb, container.decode(stream))


def collect_frames(frames: Iterable[tuple[int, Any]], wanted: set[int]) -> dict[int, np.ndarray]:
    """The wanted frames of a numbered stream; reading stops at the last of them."""
    last = max(wanted)
    kept: dict[int, np.ndarray] = {}
    for number, frame in frames:
        if number in wanted:
            kept[number] = _rgb(frame)
        if number >= last:
            break
    return kept


def frames_near(container: Any, stream: Any, wanted: set[int]) -> Iterator[tuple[int, Any]]:
    """Numbered frames that include the wanted ones; seeks forward to key frames.

    A frame's number is its rank among the presentation times of all packets, which are collected
    without decoding. If a file's index is wrong, wanted frames may be missing, and if two frames
    share a time, there is none; the caller then reads from the start.
    """
    packets = [p for p in container.demux(stream) if p.pts is not None and not p.is_discard]
    times = sorted(packet.pts for packet in packets)
    number = {time: rank for rank, time in enumerate(times)}
    if len(number) < len(times):
        return
    keys = sorted(number[packet.pts] for packet in packets if packet.is_keyframe)
    reached, frames = -1, iter(())
    for target in sorted(wanted):
        before = bisect_right(keys, target)
        if target >= len(times) or not before:
            return
        if keys[before - 1] > reached:
            container.seek(times[keys[before - 1]], stream=stream)
            frames = container.decode(stream)
        while reached < target:
            frame = next(frames, None)
            if frame is None:
                return
            reached = number.get(frame.pts, -1)
            yield reached, frame


def _rgb(frame: Any) -> np.ndarray:
    """(H, W, 3) uint8, rotated upright."""
    # One thread: starting more for each frame would take longer than the conversion.
    pixels: np.ndarray = frame.to_ndarray(format="rgb24", threads=1)
    turns = frame.rotation // 90 % 4
    return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels
