"""Full-state checkpoints: atomic, the last two kept, refused if from another recipe.

The SHA-256 of `step-N.pt` is in `step-N.sha256`, in the format of `sha256sum`. A checkpoint that
does not match is not used: nothing else would detect a flipped bit in a weight.
"""

import pickle
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import torch

from fame.core.errors import FameError
from fame.core.files import replacing, sha256

VERSION = 1
KEPT = 2


@dataclass(frozen=True)
class Checkpoint:
    """The full state from which a training resumes bit-identically.

    Attributes:
        recipe: plain data that defines the training; compared before resuming.
        step: optimiser steps done.
        seconds: time spent so far, over all attempts.
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
    by_step = []
    for path in directory.glob("step-*.pt"):
        match = re.fullmatch(r"step-(\d+)\.pt", path.name)
        if match:
            by_step.append((int(match[1]), path))
    return sorted(by_step, reverse=True)


def save(directory: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint atomically, then remove all but the newest two and unfinished files.

    Checkpoints of later steps are removed as well: they were damaged, or training would have
    resumed from them.
    """
    path = directory / f"step-{checkpoint.step}.pt"
    with replacing(path) as file:
        _serialise({"version": VERSION, **vars(checkpoint)}, file)
        file.flush()
        with replacing(_sum(path)) as total:
            total.write(f"{sha256(Path(file.name))}  {path.name}\n".encode())
    _tidy(directory, checkpoint.step)


def _tidy(directory: Path, newest: int) -> None:
    files = _files(directory)
    kept = {path for _, path in [item for item in files if item[0] <= newest][:KEPT]}
    kept |= {_sum(path) for path in kept}
    for pattern in ("step-*.pt", "step-*.sha256", ".step-*.tmp"):
        for path in directory.glob(pattern):
            if path not in kept:
                path.unlink()


def _sum(path: Path) -> Path:
    """The file that holds a checkpoint's SHA-256."""
    return path.with_suffix(".sha256")


def newest(directory: Path) -> Path | None:
    """The newest checkpoint's file, which may be damaged."""
    files = _files(directory)
    return files[0][1] if files else None


def _serialise(content: dict[str, Any], file: IO[bytes]) -> None:
    """`torch.save`, but a failed write raises the original OSError, as on a full disk."""
    try:
        torch.save(content, file)
    except RuntimeError as error:
        # On closing its archive, torch raises another error, which hides the first.
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


def damage(path: Path) -> str | None:
    """What is wrong with a checkpoint's bytes, or None."""
    try:
        expected = _sum(path).read_text(encoding="ascii").split()[:1]
        return None if [sha256(path)] == expected else "does not match its SHA-256"
    except FileNotFoundError:
        return "has no SHA-256 beside it"
    except (OSError, ValueError) as error:
        return f"cannot be read ({error})"


def _content(path: Path) -> dict[str, Any]:
    """The content of an intact checkpoint, read without running code from it."""
    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise FameError(
            f"{path} holds more than tensors and plain data, so it is not ours and is not "
            f"loaded; delete {path.parent} to start again"
        ) from None
    return content


def load(directory: Path, recipe: dict[str, Any]) -> tuple[Checkpoint | None, list[str]]:
    """The newest readable checkpoint, and remarks about damaged ones that were skipped.

    Raises:
        FameError: the checkpoint is of another version or recipe (the message lists the
            differences), or there are checkpoints but none is intact.
    """
    remarks = []
    files = _files(directory)
    for _, path in files:
        wrong_bytes = damage(path)
        if wrong_bytes is not None:
            remarks.append(f"{path} {wrong_bytes} and was passed over")
            continue
        content = _content(path)
        if content.pop("version") != VERSION:
            raise FameError(f"{path} is of another version; delete {directory} to start again")
        loaded = Checkpoint(**content)
        wrong = list(differences(recipe, loaded.recipe))
        if wrong:
            raise FameError(
                f"{path} belongs to another recipe ({'; '.join(wrong[:5])}); "
                f"delete {directory} to start again"
            )
        return loaded, remarks
    if files:
        raise FameError(
            f"no checkpoint in {directory} can be used ({'; '.join(remarks)}); delete that "
            "folder to start again"
        )
    return None, remarks
