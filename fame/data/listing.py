"""The video files named on a command line: files, folders and patterns."""

# os.path returns False where Path raises, as below a folder without permission.
# ruff: noqa: PTH100, PTH110, PTH112, PTH113, PTH207, PTH208

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from fame.core.errors import FameError
from fame.data.annotations import VIDEO_SUFFIXES

SUFFIXES = VIDEO_SUFFIXES | {".vob", ".mts", ".m2ts", ".flv", ".f4v", ".3gp", ".ogv", ".asf"}
"""Suffixes of video files in folders; without `.ts`, which is more often source code."""


def videos(arguments: Iterable[str | Path]) -> list[Path]:
    """The video files that command-line arguments name.

    A file is taken whatever its suffix. In a folder, every file with a video suffix is taken, at
    any depth, following links, except hidden files and folders. Anything else is a pattern (`*`,
    `?`, `[...]`, `**`), expanded as by a shell; a leading part that is the name of a folder is
    taken literally, even if it contains brackets.

    Returns:
        Absolute paths, sorted. A file with several names appears once, under the first.

    Raises:
        FameError: an argument names no video file, or a folder cannot be read.
    """
    paths = sorted({path for argument in arguments for path in _files(os.fspath(argument))})
    first: dict[str, Path] = {}
    for path in paths:
        first.setdefault(os.path.realpath(path), path)
    return list(first.values())


def _files(argument: str) -> list[Path]:
    hits = [argument] if os.path.exists(argument) else _matches(argument)
    paths = [path for hit in hits for path in _here(os.path.abspath(hit))]
    if not paths:
        kind = "this folder holds no video" if os.path.isdir(argument) else "no video file is there"
        raise FameError(f"{argument}: {kind}; give files, folders or patterns such as 'dir/*.mp4'")
    return paths


def _here(path: str) -> Iterator[Path]:
    """The file itself, or the videos in the folder."""
    if os.path.isfile(path):
        yield Path(path)
    elif os.path.isdir(path):
        yield from _inside(path)


def _inside(folder: str, above: frozenset[str] = frozenset()) -> Iterator[Path]:
    """The videos below a folder; a link back to a folder `above` is not followed."""
    real = os.path.realpath(folder)
    if real in above:
        return
    for name in _names(folder):
        path = Path(folder, name)
        if os.path.isdir(path):
            yield from _inside(str(path), above | {real})
        elif path.suffix.lower() in SUFFIXES:
            yield path


def _names(folder: str) -> list[str]:
    """The names in a folder, without hidden ones."""
    try:
        return [name for name in os.listdir(folder) if not name.startswith(".")]
    except OSError as error:
        raise FameError(
            f"{folder}: the folder cannot be read ({error.strerror}); correct its permissions"
        ) from error


def _matches(pattern: str) -> list[str]:
    """What a pattern matches; its longest leading part that is a folder is taken literally."""
    parts = Path(pattern).parts
    depth = 0
    while depth < len(parts) and os.path.isdir(Path(*parts[: depth + 1])):
        depth += 1
    base, rest = Path(*parts[:depth]), str(Path(*parts[depth:])) if pattern else ""
    return [str(base / hit) for hit in glob.glob(rest, root_dir=base, recursive=True)]
