"""Unpack one archive into a folder: all of it or nothing; interrupted work can be resumed.

Files are first written to a separate folder, `<folder>/.fame/<part>/<archive>.partial`. Once the
whole archive has been read without a refusal, they are moved to their places, and a marker is
written last. After a kill the same call resumes and keeps the files.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fame.acquire.archives.entries import Member, members, reading
from fame.acquire.archives.guard import Guard
from fame.config.sources import Limits
from fame.core.errors import FameError
from fame.data.datasets.common import Place
from fame.data.disk import check_space, writing

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Job:
    """One archive, and where its files go.

    Attributes:
        archive: the file.
        kind: as for `entries.members`.
        to: the target folder.
        draft: a folder on the same disk for files that are not in place yet.
        place: gives each file's place.
        limits: limits of the archive's content.
        replaces: whether a file may replace a different one of the same name.
    """

    archive: Path
    kind: str
    to: Path
    draft: Path
    place: Place
    limits: Limits
    replaces: bool = False


@dataclass(frozen=True)
class Contents:
    """Unpacked files, as paths relative to the folder, and names of skipped entries."""

    files: tuple[str, ...]
    left: tuple[str, ...]


def unpack(job: Job) -> Contents:
    """Unpack an archive.

    Raises:
        FameError: an entry is refused, the archive is damaged, a different file of the same name
            exists, or the disk is full. Nothing is then put into `job.to`.
    """
    contents = _draft(job)
    for name in contents.files:
        _move(job, name)
    shutil.rmtree(job.draft, ignore_errors=True)
    return contents


def _draft(job: Job) -> Contents:
    guard = Guard(job.archive, job.limits)
    files: dict[str, str] = {}
    left = []
    for member in members(job.archive, job.kind):
        path = guard.admit(member)
        if member.kind == "folder":
            continue
        target = None if _noise(path) else job.place(path)
        if target is None:
            left.append(str(path))
            continue
        if target.lower() in files:
            raise FameError(
                f"{job.archive} holds two files that would both be {target}; get another archive"
            )
        files[target.lower()] = target
        _extract(job, member, target)
    return Contents(tuple(files.values()), tuple(left))


def _noise(path: PurePosixPath) -> bool:
    """Whether it is clutter that macOS and file managers leave in archives."""
    return "__MACOSX" in path.parts or path.name.startswith(".")


def _extract(job: Job, member: Member, target: str) -> None:
    draft, final = job.draft / target, job.to / target
    if _has(draft, member.size) or (not job.replaces and _has(final, member.size)):
        return
    if final.exists() and not job.replaces:
        raise FameError(
            f"{final} is there already and is not the file of {job.archive}; move it away"
        )
    check_space(job.draft, member.size, target)
    unfinished = draft.with_name(f".{draft.name[:200]}.tmp")
    with writing(draft), reading(job.archive, member.name):
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        copy_member(member, unfinished)
        unfinished.replace(draft)


def copy_member(member: Member, path: Path) -> None:
    """Write an archive's entry to a file.

    Raises:
        EOFError: it has fewer or more bytes than the archive declares.
    """
    written = 0
    with member.open() as content, path.open("wb") as file:
        while (chunk := content.read(_CHUNK)) and written <= member.size:
            written += len(chunk)
            file.write(chunk)
    if written != member.size:
        raise EOFError(f"it says {member.size} bytes but gives {min(written, member.size + 1)}")


def _has(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _move(job: Job, name: str) -> None:
    draft, final = job.draft / name, job.to / name
    if draft.exists():
        final.parent.mkdir(parents=True, exist_ok=True)
        draft.replace(final)
