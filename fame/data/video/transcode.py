"""Copy one video to a small one that reads fast: short side, dense key frames, one sound channel.

Frame i of the copy is frame i of the original as `decode` counts them: upright, without frames that
an edit list discards. Pictures are converted to RGB as in reading, so colour tags, ranges and
rotation need not be copied. Sound is read as in training (`fame.data.video.sound`), so in the copy
too its first sample belongs to frame 0. The copy records its original and its settings, so that an
interrupted job recognises finished copies when it is run again.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import av
import numpy as np

from fame.core.files import sha256
from fame.data.video.decode import probe, read_frames, sample, stream_frames
from fame.data.video.encode import Coding, write_video
from fame.data.video.facts import DecodeError, Decoder, RefusedError, VideoInfo
from fame.data.video.quality import psnr, ssim
from fame.data.video.sound import Track, read_sound

VERSION = 1
"""Raised when the same settings would give different pixels; copies are then remade."""

SOUND_VERSION = 1
"""The same for sound. Copies of videos without sound do not record it, nor did any copy before
sound was kept: those of videos with sound are made again."""

Sound = Literal["kept", "none", "undecodable"]

_COMPARED = 3  # frames of a video that are compared with the original


@dataclass(frozen=True)
class Copying:
    """Settings of a copy.

    Attributes:
        short_side: pixels; smaller videos keep their size, rounded to even numbers.
        crf: x264's constant rate factor, 0 (lossless) to 51; lower is better and larger.
        keyframes: frames from one key frame to the next.
    """

    short_side: int
    crf: int
    keyframes: int


@dataclass(frozen=True)
class CopyTask:
    """One video to copy.

    Attributes:
        source: the original.
        target: the copy, an `.mp4`.
        frames: least number of frames that the original must have, from its annotation.
        compare: whether to measure the copy's quality.
    """

    source: Path
    target: Path
    frames: int
    compare: bool


@dataclass(frozen=True)
class Copy:
    """A finished copy that agrees with its original.

    Attributes:
        frames: in both.
        width: pixels.
        height: pixels.
        before: bytes of the original.
        after: bytes of the copy.
        psnr: dB against the original at the copy's size; None if not measured.
        ssim: likewise; at most 1.
        done: whether it existed already.
        sound: `kept`; `none`, if the original has no sound stream; or `undecodable`, if nothing of
            it decodes and the copy has none.
    """

    frames: int
    width: int
    height: int
    before: int
    after: int
    psnr: float | None
    ssim: float | None
    done: bool
    sound: Sound


def copy(task: CopyTask, copying: Copying) -> Copy | str:
    """Make a copy unless it exists; returns it, or a sentence on why it cannot be made.

    Raises:
        FameError: the disk is full or there is no encoder: the video is not at fault.
        OSError: likewise.
    """
    if not task.source.is_file():
        return "the file no longer exists."
    try:
        return _copy(task, copying)
    except DecodeError as error:
        return str(error).removeprefix(f"{task.source}: ")
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        return f"cannot be decoded ({type(error).__name__}: {error})."


def _copy(task: CopyTask, copying: Copying) -> Copy:
    audible = _has_sound(task.source)
    version = {"fame": VERSION} | ({"sound": SOUND_VERSION} if audible else {})
    mark = json.dumps({**version, "source": sha256(task.source), **asdict(copying)}, sort_keys=True)
    done = task.target.is_file() and _mark(task.target) == mark
    if not done:
        _make(task, copying, mark)
    info = sample(task.target)
    if info.frames < task.frames:
        raise DecodeError(
            f"{task.source}: has {info.frames} frames, not {task.frames}; index the dataset again."
        )
    ratio, similarity = _quality(task, info) if task.compare else (None, None)
    before, after = task.source.stat().st_size, task.target.stat().st_size
    return Copy(
        info.frames,
        info.width,
        info.height,
        before,
        after,
        ratio,
        similarity,
        done,
        sound=("kept" if _has_sound(task.target) else "undecodable") if audible else "none",
    )


def _has_sound(path: Path) -> bool:
    """Whether a file has a sound stream; not if PyAV cannot read it."""
    try:
        with av.open(str(path)) as container:
            return bool(container.streams.audio)
    except av.FFmpegError:
        return False


def _track(path: Path) -> Track | None:
    """The sound of the original; None if there is none, or none that can be decoded."""
    try:
        return read_sound(path)
    except DecodeError:
        return None


def _mark(path: Path) -> str | None:
    """The origin recorded in a copy; None if there is none."""
    try:
        with av.open(str(path)) as container:
            return container.metadata.get("comment")
    except av.FFmpegError:
        return None


def _make(task: CopyTask, copying: Copying, mark: str) -> None:
    """Write to a temporary file, check it, and only then rename it to the target."""
    try:
        written, draft = _written(task, copying, mark, "pyav")
    except RefusedError as error:
        try:
            written, draft = _written(task, copying, mark, "decord")
        except DecodeError:
            raise error from None
    try:
        info = probe(draft, "pyav")
        if info.frames != written:
            raise DecodeError(
                f"{task.source}: its copy has {info.frames} frames instead of {written}."
            )
        draft.replace(task.target)
    finally:
        draft.unlink(missing_ok=True)


def _written(task: CopyTask, copying: Copying, mark: str, decoder: Decoder) -> tuple[int, Path]:
    """The number of frames written, and the file."""
    draft = task.target.with_name(f".{task.target.name}")
    pictures = stream_frames(task.source, decoder)
    first = next(pictures, None)
    if first is None:
        raise DecodeError(f"{task.source}: no frame can be decoded.")
    size = shrunk(first.shape[0], first.shape[1], copying.short_side)
    coding = Coding({"libx264": _options(copying)}, size, mark, _track(task.source))
    fps = _rate(task.source)
    return write_video(draft, _chained(first, pictures), fps, coding).frames, draft


def _chained(first: np.ndarray, rest: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    yield first
    yield from rest


def _options(copying: Copying) -> dict[str, str]:
    """x264 options. Without B-frames nothing is reordered: a seek decodes no later frame."""
    every = str(copying.keyframes)
    return {
        "crf": str(copying.crf),
        "preset": "veryfast",
        "tune": "fastdecode",
        "g": every,
        "keyint_min": every,
        "sc_threshold": "0",
        "bf": "0",
    }


def shrunk(height: int, width: int, short_side: int) -> tuple[int, int]:
    """The copy's (height, width): even, with the proportions kept as well as that allows."""
    scale = min(1.0, short_side / min(height, width))
    return _even(height * scale), _even(width * scale)


def _even(side: float) -> int:
    return max(2, 2 * round(side / 2))


def _rate(path: Path) -> float:
    """Frames per second; 0 if the file does not say or PyAV cannot read it."""
    try:
        with av.open(str(path)) as container:
            stream = container.streams.best("video")
            return float(stream.average_rate or stream.guessed_rate or 0) if stream else 0.0
    except av.FFmpegError:
        return 0.0


def _quality(task: CopyTask, info: VideoInfo) -> tuple[float, float]:
    """Mean PSNR and SSIM of some frames against the original at the copy's size."""
    numbers = [info.frames * (2 * i + 1) // (2 * _COMPARED) for i in range(_COMPARED)]
    copies = read_frames(task.target, numbers)
    originals = [_rgb(picture, info) for picture in read_frames(task.source, numbers)]
    pairs = list(zip(originals, copies, strict=True))
    # Equal pictures have an infinite PSNR, which would make the mean infinite.
    ratios = [min(psnr(a, b), 99.0) for a, b in pairs]
    return float(np.mean(ratios)), float(np.mean([ssim(a, b) for a, b in pairs]))


def _rgb(picture: np.ndarray, info: VideoInfo) -> np.ndarray:
    """The picture at the copy's size."""
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
    small = frame.reformat(info.width, info.height, "rgb24", interpolation="AREA")
    return np.asarray(small.to_ndarray(), dtype=np.uint8)
