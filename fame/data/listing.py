"""Which video files a command line means: files, folders and patterns."""

# os.path says no where a Path raises, such as below a folder that is closed to us.
# ruff: noqa: PTH100, PTH110, PTH112, PTH113, PTH207, PTH208

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from fame.core.errors import FameError
from fame.data.annotations import VIDEO_SUFFIXES

SUFFIXES = VIDEO_SUFFIXES | {".vob", ".mts", ".m2ts", ".flv", ".f4v", ".3gp", ".ogv", ".asf"}
"""What makes a file inside a folder a video. Not `.ts`, which more often is source code."""


def videos(arguments: Iterable[str | Path]) -> list[Path]:
    """The files that arguments stand for.

    A file is taken whatever its suffix. Of a folder, every file with a video's suffix is taken,
    at any depth, through links, hidden files and folders left out. Anything else is a pattern
    (`*`, `?`, `[...]`, `**`) and stands for what a shell would make of it; the part of it that
    is the name of a folder is taken literally, even if it holds brackets.

    Returns:
        Absolute paths, sorted. A file that several names lead to stands once, under the first.

    Raises:
        FameError: an argument stands for no file, or a folder cannot be read.
    """
    found = sorted({path for argument in arguments for path in _files(os.fspath(argument))})
    first: dict[str, Path] = {}
    for path in found:
        first.setdefault(os.path.realpath(path), path)
    return list(first.values())


def _files(argument: str) -> list[Path]:
    hits = [argument] if os.path.exists(argument) else _matches(argument)
    found = [path for hit in hits for path in _here(os.path.abspath(hit))]
    if not found:
        kind = "this folder holds no video" if os.path.isdir(argument) else "no video file is there"
        raise FameError(f"{argument}: {kind}; give files, folders or patterns such as 'dir/*.mp4'")
    return found


def _here(path: str) -> Iterator[Path]:
    """A file itself, or the videos in a folder."""
    if os.path.isfile(path):
        yield Path(path)
    elif os.path.isdir(path):
        yield from _inside(path)


def _inside(folder: str, above: frozenset[str] = frozenset()) -> Iterator[Path]:
    """The videos below a folder, unless it is one of those `above` it, by way of a link."""
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
    """What is in a folder, but not hidden."""
    try:
        return [name for name in os.listdir(folder) if not name.startswith(".")]
    except OSError as error:
        raise FameError(
            f"{folder}: the folder cannot be read ({error.strerror}); correct its permissions"
        ) from error


def _matches(pattern: str) -> list[str]:
    """What a pattern matches, after its longest leading folder that exists by that name."""
    parts = Path(pattern).parts
    depth = 0
    while depth < len(parts) and os.path.isdir(Path(*parts[: depth + 1])):
        depth += 1
    base, rest = Path(*parts[:depth]), str(Path(*parts[depth:])) if pattern else ""
    return [str(base / hit) for hit in glob.glob(rest, root_dir=base, recursive=True)]
