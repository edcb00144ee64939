"""The sound of a video file, on one time line with its frames.

Sample 0 belongs to the moment at which frame 0 is shown, and the last sample to the end of the last
frame. Sound from before or after is cut off. Where a file has pictures and no sound, because its
sound begins later, ends earlier or is damaged in the middle, samples are 0.

Frames are those of `fame.data.video.decode`. Containers that store presentation times give their
frames' times; in any other file frame i is shown at i / (frames per second) after the stream's
start. Sound is read from the start of the file, as videos in action recognition last seconds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fame.data.video.by_pyav import opened, timestamped
from fame.data.video.facts import DecodeError

RATE = 24_000
"""Samples per second at which sound is read."""

_JITTER = 0.01
"""Seconds by which a stored time may miss the end of what came before: Matroska rounds to
milliseconds, AVI counts blocks. A larger step is a gap, or an overlap."""

_USUAL_FPS = 25.0

Samples = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Track:
    """The sound of a video.

    Attributes:
        samples: (N,) int16, one channel, at `rate`; sample 0 is heard as frame 0 is shown.
        times: (F,) float64, when each frame is shown, in seconds from frame 0.
        seconds: of the video, to the end of its last frame.
        rate: samples per second.
    """

    samples: Samples
    times: npt.NDArray[np.float64]
    seconds: float
    rate: int


@dataclass
class _Piece:
    """Samples (n,) int16 that begin at a time in seconds, on the file's clock."""

    time: float | None
    samples: Samples


def read_sound(path: Path, rate: int | None = RATE) -> Track | None:
    """The sound of a whole video, all channels mixed to one; None if the file has no sound stream.

    Packets that cannot be decoded leave silence.

    Args:
        path: the video file.
        rate: samples per second; None keeps the file's own.

    Raises:
        DecodeError: there is no such video, or nothing of its sound stream can be decoded.
    """
    with opened(path) as (container, video):
        audio = container.streams.best("audio")
        if audio is None:
            return None
        if audio.codec_context is None:
            raise DecodeError(f"{path}: its sound is in a code that PyAV does not know.")
        shown, pieces = _demuxed(path, container, video, audio)
        times, first, seconds = _timing(container, video, shown)
        native = int(audio.codec_context.sample_rate)
    if not pieces:
        raise DecodeError(f"{path}: nothing of its sound can be decoded.")
    whole = _placed(pieces, first, native, round(seconds * native))
    rate = rate or native
    return Track(resampled(whole, native, rate, round(seconds * rate)), times, seconds, rate)


def _demuxed(
    path: Path, container: Any, video: Any, audio: Any
) -> tuple[list[int | None], list[_Piece]]:
    """The stored times of the pictures, which are not decoded, and the decoded sound."""
    import av

    mixer = av.AudioResampler("s16", "mono", audio.codec_context.sample_rate or None)
    shown: list[int | None] = []
    pieces: list[_Piece] = []
    for packet in container.demux(video, audio):
        if packet.stream is video:
            # The last, empty packet only says that the file has ended.
            if packet.size and not packet.is_discard:
                shown.append(packet.pts)
            continue
        try:
            for frame in packet.decode():
                pieces += _mixed(mixer.resample(frame))
        except av.FFmpegError:
            continue  # silence, since the next frame has its own time
        except ValueError as error:
            raise DecodeError(f"{path}: its sound changes its format ({error}).") from error
    return shown, pieces


def _mixed(frames: Iterable[Any]) -> list[_Piece]:
    return [
        _Piece(None if frame.pts is None else float(frame.time), frame.to_ndarray()[0])
        for frame in frames
    ]


def _timing(
    container: Any, video: Any, shown: list[int | None]
) -> tuple[npt.NDArray[np.float64], float, float]:
    """Frames' times from frame 0, frame 0's time on the file's clock, and the video's seconds."""
    fps = float(video.average_rate or video.guessed_rate or _USUAL_FPS)
    stored = sorted(time for time in shown if time is not None)
    if timestamped(container) and stored:
        clock = np.array(stored, dtype=np.float64) * float(video.time_base)
    else:
        start = float((video.start_time or 0) * video.time_base)
        clock = start + np.arange(len(shown)) / fps
    if not len(clock):
        raise DecodeError(f"{container.name}: no frame can be decoded.")
    times = clock - clock[0]
    return times, float(clock[0]), float(times[-1] + 1 / fps)


def _placed(pieces: list[_Piece], first: float, rate: int, count: int) -> Samples:
    """`count` samples from the time `first` on, with every piece at its time."""
    whole = np.zeros(max(count, 1), dtype=np.int16)
    end: int | None = None
    for piece in pieces:
        begin = end or 0 if piece.time is None else round((piece.time - first) * rate)
        if end is not None and abs(begin - end) <= _JITTER * rate:
            begin = end
        end = begin + len(piece.samples)
        low, high = max(begin, 0), min(end, len(whole))
        if low < high:
            whole[low:high] = piece.samples[low - begin : high - begin]
    return whole


def resampled(samples: Samples, rate: int, wanted: int, count: int) -> Samples:
    """Samples (N,) int16 at another rate, cut or filled with 0 to `count`."""
    import av

    if rate != wanted:
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts = rate, 0
        converter = av.AudioResampler("s16", "mono", wanted)
        frames = [*converter.resample(frame), *converter.resample(None)]
        samples = np.concatenate([one.to_ndarray()[0] for one in frames])
    fitting: Samples = np.zeros(max(count, 1), dtype=np.int16)
    fitting[: len(samples)] = samples[: len(fitting)]
    return fitting
