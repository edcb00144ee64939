"""Facts about a video, and why one cannot be read: what both decoders share."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fame.core.errors import FameError

Decoder = Literal["decord", "pyav"]


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


def check_file(path: Path) -> None:
    """Refuse anything but a regular file: on a pipe, decoders would wait or fail unclearly."""
    if path.is_file():
        return
    if not path.exists():
        raise DecodeError(f"{path}: there is no such video file; check the path.")
    kind = "a folder" if path.is_dir() else "no regular file"
    raise DecodeError(f"{path}: it is {kind}; give a video file.")
