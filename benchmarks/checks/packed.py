"""One file of short, small clips, for a machine with neither videos nor a decoder.

Frames are stored as JPEG, about 5 KB each at a short side of 128 pixels: a hundred clips of 64
frames take about 40 MB, as much as fifteen uncompressed ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor
from torchvision.io import decode_jpeg, encode_jpeg

from benchmarks.checks.clips import Clips
from fame.core.errors import FameError
from fame.core.files import replacing

_ARRAYS = ("frames", "ends", "lengths", "labels", "groups", "classes")


@dataclass(frozen=True)
class Entry:
    """One clip, compressed.

    Attributes:
        frames: JPEG bytes of each frame, (n,) uint8 each.
        label: class name.
        group: videos of one group may show the same scene; neighbours must be of other groups.
    """

    frames: list[np.ndarray]
    label: str
    group: str

    @property
    def size(self) -> int:
        """Bytes of all frames."""
        return sum(len(frame) for frame in self.frames)


def compress(frames: Tensor, quality: int) -> list[np.ndarray]:
    """JPEG bytes of (T, 3, H, W) uint8 RGB frames."""
    return [encode_jpeg(frame, quality).numpy() for frame in frames]


def write_pack(path: Path, entries: Sequence[Entry]) -> None:
    """Write clips to one uncompressed `.npz`, atomically."""
    classes = sorted({entry.label for entry in entries})
    groups = sorted({entry.group for entry in entries})
    jpegs = [frame for entry in entries for frame in entry.frames]
    with replacing(path) as file:
        np.savez(
            file,
            frames=np.concatenate(jpegs),
            ends=np.cumsum([len(jpeg) for jpeg in jpegs]),
            lengths=np.array([len(entry.frames) for entry in entries]),
            labels=np.array([classes.index(entry.label) for entry in entries]),
            groups=np.array([groups.index(entry.group) for entry in entries]),
            classes=np.array(classes),
        )


def read_pack(path: Path) -> Clips:
    """All clips of a pack, decompressed in memory.

    Raises:
        FameError: the file is absent, damaged, or not a pack.
    """
    arrays = _read(path)
    jpegs = np.split(arrays["frames"], arrays["ends"][:-1])
    try:
        pictures = [decode_jpeg(torch.from_numpy(jpeg)) for jpeg in jpegs]
    except RuntimeError as error:
        raise FameError(f"{path}: a frame cannot be decompressed; pack it again") from error
    starts = np.cumsum(arrays["lengths"]) - arrays["lengths"]
    videos = [
        torch.stack(pictures[start : start + length])
        for start, length in zip(starts, arrays["lengths"], strict=True)
    ]
    return Clips(videos, arrays["labels"], arrays["groups"])


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
            return {name: content[name] for name in _ARRAYS}
    except FileNotFoundError:
        raise FameError(f"{path}: no such file; make it with benchmarks/pack_clips.py") from None
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise FameError(
            f"{path} is not a whole pack of clips ({error}); "
            "make it again with benchmarks/pack_clips.py"
        ) from error
