"""The decoder seam: a file in, exact RGB frames out, by decord or by PyAV.

Frame i is the i-th frame that the decoder puts out when it reads the file from the start.
That is the one definition that holds for every file: AVI stores no presentation times, so
its time stamps can be out of order (UCF101 has such files), and a packet need not give a frame.

Hence random access is trusted only in containers that store presentation times
(`TIMESTAMPED`); any other file is decoded from its start, which costs little as
videos in action recognition are seconds long. Traps checked on the two decoders:

* decord counts packets: where a packet gives no frame, it repeats the last frame at the end.
  Counts therefore come from PyAV. Its seeks in AVI and MPEG are off by a few frames.
* decord loses the first frames of some MPEG program streams: PyAV alone reads those.
* decord 0.6.0 cannot open AV1.
* Frames that an edit list discards are not frames: PyAV leaves them out, decord's count does not.
* A rotation flag is applied by both, so width and height are those of the upright frame.
* 10-bit and odd-sized videos differ by a few grey levels between the two (colour conversion).
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np

from fame.errors import FameError

Decoder = Literal["decord", "pyav"]
Choice = Literal["decord", "pyav", "auto"]

ORDER: tuple[Decoder, Decoder] = ("pyav", "decord")
TIMESTAMPED = (".mp4", ".m4v", ".mov", ".mkv", ".webm")
_DECORD_FROM_START = (".avi",)
_LEAST_SHARE = 0.9  # of the frames that the header promises; fewer means a file cut short

_log = logging.getLogger(__name__)


class DecodeError(FameError):
    """A video that cannot be opened or decoded; the message names the file and the reason."""


class ShortReadError(DecodeError):
    """A frame was asked for that the video does not have."""


@dataclass(frozen=True)
class VideoInfo:
    """What a video is, found by decoding it.

    Attributes:
        frames: number of frames that decode.
        fps: average frames per second; 0 where the file does not say.
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
    """Decode a whole video and say what it is.

    PyAV decodes every frame, so a file that breaks in the middle is found here and not in
    training; decord, which cannot count, decodes the first and the last frame.

    Args:
        path: the video file.
        decoder: "auto" tries PyAV, which counts exactly, then decord.

    Raises:
        DecodeError: no frame, no video stream, or far fewer frames than the file promises.
    """
    first: Decoder = "pyav" if decoder == "auto" else decoder
    try:
        return _PROBES[first](path)
    except DecodeError as error:
        if decoder != "auto":
            raise
        return _second_try(path, error)


def _second_try(path: Path, error: DecodeError) -> VideoInfo:
    try:
        info = _probe_decord(path)
    except DecodeError:
        raise error from None
    _log.info("%s: PyAV failed, decord read it (%s)", path, error)
    return info


def read_frames(path: Path, indices: Sequence[int], decoder: Choice = "auto") -> np.ndarray:
    """Read frames by number, exactly; the file is opened, read and closed.

    Args:
        path: the video file.
        indices: frame numbers from 0, in any order, repeats allowed.
        decoder: "auto" tries those of `ORDER` in turn, and logs it if the first fails.

    Returns:
        `(len(indices), H, W, 3)` uint8 RGB.

    Raises:
        ShortReadError: a frame number at or past the end.
        DecodeError: the file cannot be decoded.
    """
    wanted = {int(index) for index in indices}
    if not wanted or min(wanted) < 0:
        raise DecodeError(f"{path}: frame numbers must be 0 or more, and at least one.")
    found = _read(path, wanted, decoder)
    missing = wanted - found.keys()
    if missing:
        raise ShortReadError(
            f"{path}: frame {min(missing)} was asked for but the video ends before it; "
            "index the dataset again if the file has changed."
        )
    return np.stack([found[int(index)] for index in indices])


def _read(path: Path, wanted: set[int], decoder: Choice) -> dict[int, np.ndarray]:
    if decoder != "auto":
        return _READERS[decoder](path, wanted)
    try:
        return _READERS[ORDER[0]](path, wanted)
    except DecodeError as error:
        try:
            found = _READERS[ORDER[1]](path, wanted)
        except DecodeError:
            raise error from None
        _log.info("%s: %s failed, %s read it (%s)", path, *ORDER, error)
        return found


# --- PyAV


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Any]]:
    """The container and its best video stream, decoded on one thread; errors become ours."""
    if not path.is_file():
        raise DecodeError(f"{path}: there is no such video file; check the dataset's root.")
    try:
        with av.open(str(path)) as container:
            stream = container.streams.best("video")
            if stream is None:
                raise DecodeError(f"{path}: the file holds no video stream.")
            stream.codec_context.thread_count = 1
            yield container, stream
    except av.FFmpegError as error:
        raise DecodeError(f"{path}: cannot be decoded ({error.strerror}).") from error


def _rgb(frame: Any) -> np.ndarray:
    """(H, W, 3) uint8, turned upright."""
    pixels: np.ndarray = frame.to_ndarray(format="rgb24")
    turns = frame.rotation // 90 % 4
    return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels


def _probe_pyav(path: Path) -> VideoInfo:
    with _opened(path) as (container, stream):
        packets: list[int] = []
        frames: list[int] = []
        size = (0, 0)
        discarded = 0
        for packet in container.demux(stream):
            if packet.pts is not None:
                discarded += packet.is_discard
                packets += [] if packet.is_discard else [packet.pts]
            for frame in packet.decode():
                frames.append(frame.pts)
                size = size if len(frames) > 1 else _rgb(frame).shape[1::-1]
        _check_length(path, len(frames), stream.frames - discarded)
        if path.suffix.lower() in TIMESTAMPED and sorted(packets) != frames:
            raise DecodeError(
                f"{path}: its time stamps do not match its frames, so it cannot be read "
                "by number; transcode it."
            )
        rate = stream.average_rate or stream.guessed_rate or 0
        return VideoInfo(len(frames), float(rate), *size, "pyav")


def _check_length(path: Path, decoded: int, promised: int) -> None:
    if decoded == 0:
        raise DecodeError(f"{path}: no frame can be decoded.")
    if decoded < _LEAST_SHARE * promised:
        raise DecodeError(
            f"{path}: promises {promised} frames but gives {decoded}, so it is cut short."
        )


def _read_pyav(path: Path, wanted: set[int]) -> dict[int, np.ndarray]:
    if path.suffix.lower() in TIMESTAMPED:
        with _opened(path) as (container, stream):
            found = _collect(_frames_near(container, stream, wanted), wanted)
        if found.keys() == wanted:
            return found
    with _opened(path) as (container, stream):
        return _collect(enumerate(container.decode(stream)), wanted)


def _collect(frames: Iterable[tuple[int, Any]], wanted: set[int]) -> dict[int, np.ndarray]:
    """Keep the wanted frames of a numbered stream and stop at the last of them."""
    last = max(wanted)
    found: dict[int, np.ndarray] = {}
    for number, frame in frames:
        if number in wanted:
            found[number] = _rgb(frame)
        if number >= last:
            break
    return found


def _frames_near(container: Any, stream: Any, wanted: set[int]) -> Iterator[tuple[int, Any]]:
    """Numbered frames from the last key frame at or before the first wanted one.

    A frame's number is its rank among the presentation times of all packets, which a pass
    without decoding collects. The numbers asked for may be missed where a file's index
    lies; the caller then reads from the start.
    """
    packets = [p for p in container.demux(stream) if p.pts is not None and not p.is_discard]
    times = sorted(packet.pts for packet in packets)
    first = min(wanted)
    if first >= len(times):
        return
    keys = [p.pts for p in packets if p.is_keyframe and p.pts <= times[first]]
    if not keys:
        return
    number = {time: rank for rank, time in enumerate(times)}
    container.seek(max(keys), stream=stream)
    for frame in container.decode(stream):
        yield number.get(frame.pts, -1), frame


# --- decord


@contextmanager
def _decord_reader(path: Path) -> Iterator[Any]:
    """A reader that lives for one read (long-lived readers leak); errors become ours."""
    if not path.is_file():
        raise DecodeError(f"{path}: there is no such video file; check the dataset's root.")
    import decord

    decord.logging.set_level(decord.logging.QUIET)
    try:
        yield decord.VideoReader(str(path), num_threads=1)
    except (decord.DECORDError, RuntimeError, StopIteration) as error:
        reason = str(error).strip().splitlines()[-1:] or ["no reason given"]
        raise DecodeError(f"{path}: decord cannot decode it ({reason[0][-120:]}).") from error


def _probe_decord(path: Path) -> VideoInfo:
    with _decord_reader(path) as reader:
        frames = len(reader)
        _check_length(path, frames, 0)
        height, width = reader[0].shape[:2]
        reader[frames - 1].asnumpy()
        return VideoInfo(frames, float(reader.get_avg_fps()), width, height, "decord")


def _read_decord(path: Path, wanted: set[int]) -> dict[int, np.ndarray]:
    suffix = path.suffix.lower()
    if suffix not in TIMESTAMPED + _DECORD_FROM_START:
        raise DecodeError(f"{path}: decord is not exact in {suffix} files; read them with PyAV.")
    with _decord_reader(path) as reader:
        order = sorted(number for number in wanted if number < len(reader))
        if suffix in TIMESTAMPED:
            frames = reader.get_batch(order).asnumpy() if order else []
        else:
            frames = _in_sequence(reader, order)
        return dict(zip(order, frames, strict=True))


def _in_sequence(reader: Any, order: list[int]) -> list[np.ndarray]:
    """Frames `order` (ascending) by plain reading: decord's skips are as inexact as its seeks."""
    wanted = set(order)
    frames: list[np.ndarray] = []
    for number in range(order[-1] + 1 if order else 0):
        frame = reader.next()
        if number in wanted:
            frames.append(frame.asnumpy())
    return frames


_PROBES = {"pyav": _probe_pyav, "decord": _probe_decord}
_READERS = {"pyav": _read_pyav, "decord": _read_decord}
