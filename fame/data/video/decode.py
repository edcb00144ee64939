"""Decode exact RGB frames of a video file by PyAV or decord.

Frame i is the i-th frame that the decoder outputs when it reads the file from the start. Only this
definition works for every file: AVI stores no presentation times, so its time stamps can be out of
order (UCF101 has such files), and a packet need not give a frame.

PyAV is tried first: it counts and seeks exactly, at the same speed. Random access is used only in
containers that store presentation times (`TIMESTAMPED`), told by a file's content and not by its
name; any other file is decoded from its start, which costs little, as videos in action recognition
last seconds. So is a file in which two frames share a time (Matroska counts milliseconds), since
a time then names no frame.

decord 0.6.0, where it is installed, is the fallback for files that PyAV refuses, and an independent
check. It always reads from the start, since its seeks and skips can be off by some frames
(B-frames, in AVI and MP4). It counts packets: if a packet gives no frame, it repeats the last frame
at the end. It loses the first frames of MPEG program streams, so these are left to PyAV, and it
cannot open AV1.

For both: frames that an edit list discards do not count; a rotation flag is applied, and width and
height are those of the upright frame; the frame count in an AVI header is ignored, as it can be
wrong (a fifth too many in JHMDB). 10-bit and odd-sized videos differ by a few grey levels between
the two decoders, because of their colour conversion.
"""

import logging
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np

from fame.core.errors import FameError

Decoder = Literal["decord", "pyav"]
Choice = Literal["decord", "pyav", "auto"]
Depth = Literal["all", "ends"]

Result = TypeVar("Result")

TIMESTAMPED = ("mov", "matroska")
"""FFmpeg's names for the containers MP4, M4V, MOV and 3GP, and MKV and WebM."""

_NOT_FOR_DECORD = ("mpeg", "mpegts")
_NOT_FOR_DECORD_BY_NAME = (".mpg", ".mpeg", ".vob", ".ts")  # where FFmpeg cannot say
_LEAST_SHARE = 0.9  # of the frames that the header declares; fewer mean a truncated file

_log = logging.getLogger(__name__)


class DecodeError(FameError):
    """A video that cannot be opened or decoded; the message names the file and the reason."""


class RefusedError(DecodeError):
    """A decoder cannot read the file; the other one may."""


class ShortReadError(DecodeError):
    """A requested frame is past the end of the video."""


@dataclass(frozen=True)
class VideoInfo:
    """Facts about a video, measured by decoding it.

    Attributes:
        frames: number of frames that decode.
        fps: average frames per second; 0 if the file does not say.
        width: pixels, of the upright frame.
        height: pixels, of the upright frame.
        decoder: which decoder gave these facts.
    """

    frames: int
    fps: float
    width: int
    height: int
    decoder: Decoder


def probe(path: Path, decoder: Choice = "auto") -> VideoInfo:
    """Decode a whole video and return facts about it.

    Every frame is decoded, so a file with damage in the middle is noticed here and not in
    training.

    Args:
        path: the video file.
        decoder: "auto" tries PyAV, then decord if it is installed (this is logged).

    Raises:
        DecodeError: no frame, no video stream, or far fewer frames than the header declares.
    """
    probes = {"pyav": probe_pyav, "decord": _probe_decord}
    if decoder != "auto":
        return probes[decoder](path)
    return _with_fallback(path, lambda: probe_pyav(path), lambda: _probe_decord(path))


def sample(path: Path) -> VideoInfo:
    """Count a video's frames without decoding them, and decode the first, middle and last one.

    Much quicker than `probe` for containers that store presentation times. Any other file is
    probed, and so is one whose count and pictures disagree. Damage between the three frames goes
    unnoticed.

    Raises:
        DecodeError: as `probe`.
    """
    try:
        with _opened(path) as (container, stream):
            by_time = _timestamped(container)
            packets = [p for p in container.demux(stream) if p.pts is not None] if by_time else []
            count = sum(not packet.is_discard for packet in packets)
            whole = count >= _LEAST_SHARE * (stream.frames - len(packets) + count)
            rate = float(stream.average_rate or stream.guessed_rate or 0)
        if not by_time or not count or not whole:
            return probe(path)
        height, width = read_frames(path, [0, count // 2, count - 1], "pyav").shape[1:3]
    except (RefusedError, ShortReadError, ValueError):  # ValueError: frames of different sizes
        return probe(path)
    return VideoInfo(count, rate, width, height, "pyav")


def describe(path: Path, depth: Depth) -> VideoInfo | str:
    """Probe or sample a video: facts about it, or a sentence on why it cannot be used.

    Decoders may raise anything on garbage, so any error means that the file cannot be used.
    """
    try:
        return probe(path) if depth == "all" else sample(path)
    except DecodeError as error:
        return str(error).removeprefix(f"{path}: ")
    except MemoryError:
        raise
    except Exception as error:
        return f"cannot be decoded ({type(error).__name__}: {error})."


def read_frames(path: Path, indices: Sequence[int], decoder: Choice = "auto") -> np.ndarray:
    """Read frames by number, exactly; the file is opened, read and closed.

    Args:
        path: the video file.
        indices: frame numbers from 0, in any order, repeats allowed.
        decoder: as in `probe`.

    Returns:
        `(len(indices), H, W, 3)` uint8 RGB.

    Raises:
        ShortReadError: a frame number at or past the end.
        DecodeError: the file cannot be decoded.
    """
    wanted = {int(index) for index in indices}
    if not wanted or min(wanted) < 0:
        raise DecodeError(f"{path}: frame numbers must be 0 or more, and at least one.")
    frames = _read(path, wanted, decoder)
    missing = wanted - frames.keys()
    if missing:
        raise ShortReadError(
            f"{path}: frame {min(missing)} was asked for but the video ends before it; "
            "index the dataset again if the file has changed."
        )
    return np.stack([frames[int(index)] for index in indices])


def stream_frames(path: Path, decoder: Decoder) -> Iterator[np.ndarray]:
    """Every frame in order, one in memory at a time.

    Args:
        path: the video file.
        decoder: the one that `probe` chose.

    Yields:
        (H, W, 3) uint8 RGB.

    Raises:
        DecodeError: the file cannot be decoded.
    """
    if decoder == "pyav":
        with _opened(path) as (container, stream):
            yield from map(_rgb, container.decode(stream))
    else:
        with _decord_reader(path) as reader:
            yield from (reader.next().asnumpy() for _ in range(len(reader)))


def _read(path: Path, wanted: set[int], decoder: Choice) -> dict[int, np.ndarray]:
    readers = {"pyav": read_pyav, "decord": _read_decord}
    if decoder != "auto":
        return readers[decoder](path, wanted)
    return _with_fallback(path, lambda: read_pyav(path, wanted), lambda: _read_decord(path, wanted))


def _with_fallback(path: Path, pyav: Callable[[], Result], decord: Callable[[], Result]) -> Result:
    """PyAV's answer, or decord's if PyAV refuses the file; if both do, PyAV's error."""
    try:
        return pyav()
    except RefusedError as error:
        try:
            result = decord()
        except DecodeError:
            raise error from None
        _log.info("%s: read by decord, since PyAV refused it (%s)", path, error)
        return result


def _check_file(path: Path) -> None:
    """Refuse anything but a regular file: on a pipe, decoders would wait or fail unclearly."""
    if path.is_file():
        return
    if not path.exists():
        raise DecodeError(f"{path}: there is no such video file; check the path.")
    kind = "a folder" if path.is_dir() else "no regular file"
    raise DecodeError(f"{path}: it is {kind}; give a video file.")


# --- PyAV


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Any]]:
    """Open a container and its best video stream, on one thread; PyAV's errors become ours."""
    _check_file(path)
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


def _timestamped(container: Any) -> bool:
    """Whether a container stores presentation times, by its content: an AVI may be called .mp4."""
    return container.format.name.split(",")[0] in TIMESTAMPED


def _rgb(frame: Any) -> np.ndarray:
    """(H, W, 3) uint8, rotated upright."""
    # One thread: starting more for each frame would take longer than the conversion.
    pixels: np.ndarray = frame.to_ndarray(format="rgb24", threads=1)
    turns = frame.rotation // 90 % 4
    return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels


def probe_pyav(path: Path) -> VideoInfo:
    """Facts about a video, from decoding every frame with PyAV; see `probe`."""
    packets: list[int] = []
    frames: list[int] = []
    shapes: list[tuple[int, int, int]] = []
    discarded = 0
    with _opened(path) as (container, stream):
        for packet in container.demux(stream):
            if packet.pts is not None:
                discarded += packet.is_discard
                packets += [] if packet.is_discard else [packet.pts]
            for frame in packet.decode():
                frames.append(frame.pts)
                shapes.append((frame.width, frame.height, frame.rotation))
        rate = float(stream.average_rate or stream.guessed_rate or 0)
        promised = stream.frames - discarded
        by_time = _timestamped(container)
    if not frames:
        raise DecodeError(f"{path}: no frame can be decoded.")
    if by_time:
        _check_times(path, packets, frames, promised)
    return VideoInfo(len(frames), rate, *upright_size(path, shapes), "pyav")


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
    with _opened(path) as (container, stream):
        if not _timestamped(container):
            return collect_frames(enumerate(container.decode(stream)), wanted)
        frames = collect_frames(frames_near(container, stream, wanted), wanted)
    if frames.keys() == wanted:
        return frames
    with _opened(path) as (container, stream):
        return collect_frames(enumerate(container.decode(stream)), wanted)


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


# --- decord


@contextmanager
def _decord_reader(path: Path) -> Iterator[Any]:
    """A reader for one use (long-lived readers leak memory); decord's errors become ours."""
    _check_file(path)
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


def _probe_decord(path: Path) -> VideoInfo:
    with _decord_reader(path) as reader:
        frames = len(reader)
        shapes = [reader.next().shape for _ in range(frames)]
        if not shapes:
            raise DecodeError(f"{path}: no frame can be decoded.")
        height, width = shapes[0][:2]
        return VideoInfo(frames, float(reader.get_avg_fps()), width, height, "decord")


def _is_mpeg_stream(path: Path) -> bool:
    """Whether a file is an MPEG program or transport stream."""
    try:
        with _opened(path) as (container, _):
            return container.format.name in _NOT_FOR_DECORD
    except RefusedError:
        return path.suffix.lower() in _NOT_FOR_DECORD_BY_NAME


def _read_decord(path: Path, wanted: set[int]) -> dict[int, np.ndarray]:
    if _is_mpeg_stream(path):
        raise DecodeError(f"{path}: decord is not exact in MPEG streams; use PyAV.")
    kept: dict[int, np.ndarray] = {}
    with _decord_reader(path) as reader:
        for number in range(min(max(wanted) + 1, len(reader))):
            frame = reader.next()
            if number in wanted:
                kept[number] = frame.asnumpy()
    return kept
