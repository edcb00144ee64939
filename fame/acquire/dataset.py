"""Acquire a whole dataset: download only missing parts, and only with the user's consent."""

import fcntl
import itertools
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fame.acquire.archives.arrange import LIST_SUFFIXES, place_lists, place_videos
from fame.acquire.part import PartTask, Settings, complete, state_folder
from fame.config.sources import DatasetSource, Part
from fame.core.errors import FameError
from fame.data import datasets
from fame.data.annotations import video_files
from fame.data.datasets.common import Place
from fame.data.disk import check_space, human, writing

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Places:
    """Folders of a dataset.

    Attributes:
        videos: the videos, in the official layout.
        annotations: the official lists; None if the class folders are trusted.
        archives: the downloads.
    """

    videos: Path
    annotations: Path | None
    archives: Path

    @classmethod
    def below(cls, folder: Path) -> "Places":
        """The default folders, as in the scales."""
        return cls(folder / "videos", folder / "annotations", folder / "archives")


def missing_parts(
    name: str, source: DatasetSource, places: Places, parts: tuple[str, ...] = ()
) -> list[PartTask]:
    """The missing parts, annotations first.

    A folder that has files but none of our marks was filled by the user and counts as complete.

    Args:
        name: the dataset's official name.
        source: its parts.
        places: its folders.
        parts: names of parts; if none are given, the default ones.
    """
    chosen = source.chosen(parts)
    tasks = [
        _task(name, key, part, places) for key, part in chosen.items() if _folder(part, places)
    ]
    waiting = [task for task in tasks if not task.done and not _users_own(task)]
    return sorted(waiting, key=lambda task: task.part.into)


def acquire(
    name: str,
    source: DatasetSource,
    places: Places,
    *,
    parts: tuple[str, ...] = (),
    settings: Settings | None = None,
) -> list[dict[str, Any]]:
    """Download and unpack missing parts. The caller has obtained consent.

    Returns:
        The marks of the parts that were missing: their archives with checksums.

    Raises:
        FameError: something cannot be downloaded, checked or written. Call again to resume.
    """
    tasks = missing_parts(name, source, places, parts)
    if not parts:
        _check_room(source, places, tasks)
    records = []
    for task in tasks:
        with _turn(task.archives):
            if not task.done:
                _log.info("%s: %s", name, task.name)
                complete(task, settings or Settings())
        records.append(task.record())
    return records


def refuse(name: str, source: DatasetSource, tasks: list[PartTask]) -> FameError:
    """The error for a missing dataset whose terms are not accepted."""
    folders = " and ".join(sorted({str(task.folder) for task in tasks}))
    lists_only = all(task.part.into == "annotations" for task in tasks)
    size = "" if lists_only else f" ({human(source.space.archives)})"
    can_do_without = datasets.get(name).match_folders is not None
    trust = ", or set annotations to null to trust the folders" if can_do_without else ""
    return FameError(
        f"{name}: {'lists' if lists_only else 'files'} are missing from {folders}; put them there"
        f"{trust if lists_only else ''}, or have them downloaded{size}: read the terms with "
        f"`fame acquire {name}`, and if you accept them add {name} to accept_terms in "
        "config/config.yaml"
    )


def _folder(part: Part, places: Places) -> Path | None:
    return places.videos if part.into == "videos" else places.annotations


def _task(name: str, key: str, part: Part, places: Places) -> PartTask:
    folder = _folder(part, places)
    assert folder is not None  # the caller checked

    def place() -> Place:
        if part.into == "annotations":
            return place_lists(name)
        return place_videos(name, key, places.annotations)

    return PartTask(key, part, folder, places.archives / key, place)


def _users_own(task: PartTask) -> bool:
    """Whether the folder was filled by the user and not by this program."""
    if task.part.into == "annotations" and task.folder.is_file():
        return True  # a single list
    if task.state.exists() or not task.folder.is_dir():
        return False
    if task.part.into == "videos":
        return bool(next(iter(video_files(task.folder)), None))
    files = itertools.chain(task.folder.glob("*"), task.folder.glob("*/*"))
    return any(file.suffix.lower() in LIST_SUFFIXES for file in files)


def _check_room(source: DatasetSource, places: Places, tasks: list[PartTask]) -> None:
    """Refuse a dataset that will not fit on the disk, before downloading any of it."""
    videos = [task for task in tasks if task.part.into == "videos"]
    if not videos or state_folder(places.videos, "videos").exists():
        return
    here = sum(file.stat().st_size for file in places.archives.rglob("*") if file.is_file())
    check_space(places.videos, max(0, source.room - here), source.title)


@contextmanager
def _turn(archives: Path) -> Iterator[None]:
    """Wait until no other process works on the same part."""
    with writing(archives):
        archives.mkdir(parents=True, exist_ok=True)
    with (archives / ".lock").open("a") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        yield
