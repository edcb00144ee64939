"""Write videos that any player can show: H.264 in 4:2:0, and AAC, written atomically."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fame.core.errors import FameError
from fame.core.files import replacing
from fame.data.video.sound import Track
from fame.data.video.sound_stream import SoundStream

Picture = npt.NDArray[np.uint8]

FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".avi": "avi"}
"""Containers by file suffix."""

CODECS = {"libx264": {"crf": "20", "preset": "veryfast"}, "mpeg4": {"qscale": "3"}}
"""Encoders with their options, best first; FFmpeg builds without H.264 have the second."""


@dataclass(frozen=True)
class Written:
    """The properties of a written video.

    Attributes:
        codec: the encoder's name.
        frames: number of frames.
        width: pixels, even.
        height: pixels, even.
        padded: whether odd sides were padded.
    """

    codec: str
    frames: int
    width: int
    height: int
    padded: bool


_REPEATABLE = {"libx264": {"x264-params": "cpu-independent=1"}}
"""With x264's faster routines equal pictures gave other bytes, at 40 x 40 pixels in many calls.

Seen with x264 165, one thread; never without its assembler, nor with this option.
"""

USUAL_RATE = Fraction(25)
_HIGHEST_RATE = 240


def check_name(path: Path) -> None:
    """Refuse a file name whose suffix is not in `FORMATS`."""
    if path.suffix.lower() not in FORMATS:
        raise FameError(
            f"{path}: a video's name must end in one of {', '.join(FORMATS)}; choose another name."
        )


def rate(fps: float) -> Fraction:
    """Frames per second for an encoder; 25 if the file's own value makes no sense."""
    if not 0 < fps <= _HIGHEST_RATE:
        return USUAL_RATE
    return Fraction(fps).limit_denominator(1001) or USUAL_RATE


def even(picture: Picture) -> Picture:
    """(H, W, 3) with odd sides made even, as 4:2:0 needs, by repeating the last row or column."""
    height, width = picture.shape[:2]
    return np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


@dataclass(frozen=True)
class Coding:
    """How a video is encoded.

    Attributes:
        codecs: encoders with their options, best first.
        size: (height, width) to scale to, both even; None keeps the size.
        comment: text stored in the file.
        track: sound, from the first picture's beginning on; None writes no sound.
    """

    codecs: Mapping[str, Mapping[str, str]]
    size: tuple[int, int] | None = None
    comment: str = ""
    track: Track | None = None


def write_video(
    path: Path, pictures: Iterable[Picture], fps: float, coding: Coding = Coding(CODECS)
) -> Written:
    """Encode pictures as they arrive, so that a long video needs little memory.

    Args:
        path: `.mp4`, `.mov`, `.mkv` or `.avi`; an existing file is replaced on success.
        pictures: (H, W, 3) uint8 RGB, all of one size, at least one.
        fps: frames per second, see `rate`.
        coding: the settings; the default works in any player.

    Raises:
        FameError: unknown suffix, no picture, or pictures that cannot be encoded.
    """
    check_name(path)
    # Imported here, so that settings can be read without a codec installed.
    import av

    codec = next((name for name in coding.codecs if name in av.codecs_available), None)
    if codec is None:
        names = ", ".join(coding.codecs)
        raise FameError(f"PyAV on this machine has none of {names}; install its wheel.")
    with replacing(path) as file:
        try:
            with av.open(file, "w", format=FORMATS[path.suffix.lower()]) as container:
                container.metadata["comment"] = coding.comment
                return _encode(container, codec, pictures, rate(fps), coding)
        except av.FFmpegError as error:
            raise FameError(f"{path}: cannot be encoded ({error.strerror}).") from error


def _encode(
    container: Any, codec: str, pictures: Iterable[Picture], fps: Fraction, coding: Coding
) -> Written:
    import av

    rest = iter(pictures)
    first = next(rest, None)
    if first is None:
        raise FameError("There is no picture to write; give a video with frames.")
    height, width = coding.size or even(first).shape[:2]
    stream = _stream(container, codec, (height, width), fps, coding.codecs[codec])
    track = coding.track
    sound = SoundStream(container, "aac", track.samples, track.rate) if track else None
    number = 0
    for number, picture in enumerate(chain([first], rest), start=1):
        frame = av.VideoFrame.from_ndarray(
            picture if coding.size else even(picture), format="rgb24"
        )
        if coding.size:
            frame = frame.reformat(width, height, "yuv420p", interpolation="AREA")
        frame.pts, frame.time_base = number - 1, 1 / fps
        container.mux(stream.encode(frame))
        if sound:
            sound.until(float(number / fps))
    container.mux(stream.encode(None))
    if sound:
        sound.finish()
    padded = coding.size is None and (height, width) != first.shape[:2]
    return Written(codec, number, width, height, padded)


def _stream(
    container: Any,
    codec: str,
    size: tuple[int, int],
    fps: Fraction,
    options: Mapping[str, str],
) -> Any:
    stream = container.add_stream(
        codec, rate=fps, options={**_REPEATABLE.get(codec, {}), **options}
    )
    stream.height, stream.width = size
    stream.pix_fmt = "yuv420p"
    stream.codec_context.thread_count = 1  # so that equal pictures give equal bytes
    return stream
