"""Finished parts of a long extraction, kept so that an interruption costs little."""

import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fame.core.files import replacing
from fame.evaluate.features.store import read_arrays

Floats = npt.NDArray[np.float32]


class Parts:
    """Feature arrays by part number, in memory and, if a folder is given, on disk.

    Args:
        parent: where the parts' own folder is made; None keeps nothing on disk.
        key: hexadecimal digest of everything that the features depend on. Parts under another
            key are never read; `clear` removes all of them.
    """

    def __init__(self, parent: Path | None, key: str) -> None:
        self._folder = parent / f"features-{key[:16]}" if parent else None
        self._arrays: dict[int, Floats] = {}
        if self._folder is not None:
            for file in self._folder.glob("part*.npz"):
                number = int(file.stem.removeprefix("part"))
                self._arrays[number] = read_arrays(file, ("features",))["features"]

    def __contains__(self, number: int) -> bool:
        return number in self._arrays

    def put(self, number: int, features: Floats) -> None:
        """Keep a finished part, (videos, clips, D)."""
        self._arrays[number] = features
        if self._folder is not None:
            path = self._folder / f"part{number:06d}.npz"
            with replacing(path) as file:
                np.savez(file, features=features)

    def joined(self) -> Floats:
        """All parts in order of their numbers, (N, clips, D)."""
        return np.concatenate([self._arrays[number] for number in sorted(self._arrays)])


def clear(parent: Path | None) -> None:
    """Remove every extraction's parts from a folder, and the folder if it is then empty."""
    if parent is None:
        return
    for folder in parent.glob("features-" + "[0-9a-f]" * 16):
        shutil.rmtree(folder)
    with suppress(OSError):
        parent.rmdir()
