"""Decode exact RGB frames of a video file by PyAV or decord.

Frame i is the i-th frame that the decoder outputs when it reads the file from the start. Only this
definition works for every file: AVI stores no presentation times, so its time stamps can be out of
order (UCF101 has such files), and a packet need not give a frame.

PyAV is tried first (`fame.data.video.by_pyav`). decord (`fame.data.video.by_decord`), where it is
installed, is the fallback for files that PyAV refuses, and an independent check.

For both: frames that an edit list discards do not count; a rotation flag is applied, and width and
height are those of the upright frame; the frame count in an AVI header is ignored, as it can be
wrong (a fifth too many in JHMDB). 10-bit and odd-sized videos differ by a few grey levels between
the two decoders, because of their colour conversion.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np

from fame.data.video.by_decord import probe_decord, read_decord, stream_decord
from fame.data.video.by_pyav import count_frames, probe_pyav, read_pyav, stream_pyav
from fame.data.video.facts import DecodeError, Decoder, RefusedError, ShortReadError, VideoInfo

Choice = Literal["decord", "pyav", "auto"]
Depth = Literal["all", "ends"]

Result = TypeVar("Result")

_log = logging.getLogger(__name__)


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
    probes = {"pyav": probe_pyav, "decord": probe_decord}
    if decoder != "auto":
        return probes[decoder](path)
    return _with_fallback(path, lambda: probe_pyav(path), lambda: probe_decord(path))


def sample(path: Path) -> VideoInfo:
    """Count a video's frames without decoding them, and decode the first, middle and last one.

    Much quicker than `probe` for containers that store presentation times. Any other file is
    probed, and so is one whose count and pictures disagree. Damage between the three frames goes
    unnoticed.

    Raises:
        DecodeError: as `probe`.
    """
    try:
        counted = count_frames(path)
        if counted is None:
            return probe(path)
        count, rate = counted
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

    Returns:
        An iterator over (H, W, 3) uint8 RGB.

    Raises:
        DecodeError: the file cannot be decoded.
    """
    return stream_pyav(path) if decoder == "pyav" else stream_decord(path)


def _read(path: Path, wanted: set[int], decoder: Choice) -> dict[int, np.ndarray]:
    readers = {"pyav": read_pyav, "decord": read_decord}
    if decoder != "auto":
        return readers[decoder](path, wanted)
    return _with_fallback(path, lambda: read_pyav(path, wanted), lambda: read_decord(path, wanted))


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
