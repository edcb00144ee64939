"""Full-state checkpoints: atomic, the last two kept, refused if they belong to another recipe."""

import pickle
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import torch

from fame.errors import FameError
from fame.files import replacing

VERSION = 1
KEPT = 2


@dataclass(frozen=True)
class Checkpoint:
    """All that a training needs to go on as if it had never stopped.

    Attributes:
        recipe: plain data that defines the training; compared before resuming.
        step: optimiser steps done.
        seconds: of work that led here, over all attempts.
        module: state dict of everything trained or tracked (encoders, queue, heads).
        optimiser: state dict of the optimiser.
    """

    recipe: dict[str, Any]
    step: int
    seconds: float
    module: dict[str, Any]
    optimiser: dict[str, Any]


def _files(directory: Path) -> list[tuple[int, Path]]:
    """Checkpoints by step, newest first."""
    found = []
    for path in directory.glob("step-*.pt"):
        match = re.fullmatch(r"step-(\d+)\.pt", path.name)
        if match:
            found.append((int(match[1]), path))
    return sorted(found, reverse=True)


def save(directory: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint whole, then drop all but the newest two and what a kill left half."""
    with replacing(directory / f"step-{checkpoint.step}.pt") as file:
        _serialise({"version": VERSION, **vars(checkpoint)}, file)
    for path in [*(path for _, path in _files(directory)[KEPT:]), *directory.glob(".step-*.tmp")]:
        path.unlink()


def _serialise(content: dict[str, Any], file: IO[bytes]) -> None:
    """`torch.save`, but a failed write is the OSError that it was, as on a full disk."""
    try:
        torch.save(content, file)
    except RuntimeError as error:
        # In closing its archive, torch raises another error over the one that matters.
        if isinstance(error.__context__, OSError):
            raise error.__context__ from None
        raise


def differences(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """Where two recipes differ, as `path: theirs, not ours`."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            yield from differences(ours.get(key), theirs.get(key), f"{path}.{key}".lstrip("."))
    elif ours != theirs:
        yield f"{path}: {theirs!r}, not {ours!r}"


def _read(path: Path) -> dict[str, Any] | None:
    """A checkpoint file's content, or None if the file is damaged."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, pickle.UnpicklingError):
        return None
    return content if isinstance(content, dict) and "version" in content else None


def load(directory: Path, recipe: dict[str, Any]) -> tuple[Checkpoint | None, list[str]]:
    """The newest readable checkpoint, and remarks about damaged ones that were passed over.

    Raises:
        FameError: if it is of another version or recipe (it says in what), or if there are
            checkpoints but none can be read.
    """
    remarks = []
    files = _files(directory)
    for _, path in files:
        content = _read(path)
        if content is None:
            remarks.append(f"{path} is damaged and was passed over")
            continue
        if content.pop("version") != VERSION:
            raise FameError(f"{path} is of another version; delete {directory} to start again")
        found = Checkpoint(**content)
        wrong = list(differences(recipe, found.recipe))
        if wrong:
            raise FameError(
                f"{path} belongs to another recipe ({'; '.join(wrong[:5])}); "
                f"delete {directory} to start again"
            )
        return found, remarks
    if files:
        raise FameError(f"no checkpoint in {directory} can be read; delete it to start again")
    return None, remarks
