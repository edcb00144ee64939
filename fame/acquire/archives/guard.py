"""Decide which entries of an archive may be unpacked; one bad entry refuses the whole archive.

Official archives contain files and folders with plain relative names. Anything else (a path that
leaves the folder, a link, a device, a repeated name, more than the declared limits) is a mistake or
an attack. Links are refused even if they point inside: no official archive has any.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from fame.acquire.archives.entries import Member
from fame.config.sources import Limits
from fame.core.errors import FameError
from fame.data.disk import human

_LONGEST_NAME = 255
_LONGEST_PATH = 1024
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass
class Guard:
    """Checks the entries of one archive, in order.

    Attributes:
        archive: the file.
        limits: limits of the unpacked content.
    """

    archive: Path
    limits: Limits
    _seen: dict[str, str] = field(default_factory=dict)
    _folders: set[str] = field(default_factory=set)
    _files: int = 0
    _bytes: int = 0

    def admit(self, member: Member) -> PurePosixPath:
        """The entry's path, relative and plain.

        Raises:
            FameError: the entry may not be unpacked.
        """
        if member.kind in {"link", "other"}:
            what = "a link" if member.kind == "link" else "neither a file nor a folder"
            self._refuse(member.name, f"is {what}")
        path = self._path(member.name)
        if member.kind == "file":
            self._count(member)
            self._distinct(path, member.name)
        return path

    def _refuse(self, name: str, why: str) -> None:
        raise FameError(
            f"{self.archive}: the entry {name!a} {why}, which no official archive does; "
            "delete the archive and get it from a source that you trust"
        )

    def _path(self, name: str) -> PurePosixPath:
        parts = [part for part in name.split("/") if part not in {"", "."}]
        if name.startswith("/") or _DRIVE.match(name):
            self._refuse(name, "has an absolute path")
        if ".." in parts:
            self._refuse(name, "leads out of its folder")
        if "\\" in name or _CONTROL.search(name) or not _encodable(name):
            self._refuse(name, "has a name with characters that no file should have")
        if len(name) > _LONGEST_PATH or any(len(p.encode()) > _LONGEST_NAME for p in parts):
            self._refuse(name, "has too long a name")
        return PurePosixPath(*parts)

    def _count(self, member: Member) -> None:
        self._files += 1
        self._bytes += member.size
        if self._files > self.limits.files:
            self._refuse(member.name, f"exceeds the {self.limits.files:,} files that are allowed")
        if self._bytes > self.limits.bytes:
            self._refuse(member.name, f"exceeds the {human(self.limits.bytes)} that are allowed")
        if self._bytes > self.limits.ratio * self.archive.stat().st_size:
            self._refuse(
                member.name,
                f"makes {human(self._bytes)} of {human(self.archive.stat().st_size)}, more than "
                f"the {self.limits.ratio:g} times that are allowed",
            )

    def _distinct(self, path: PurePosixPath, name: str) -> None:
        key = str(path).lower()
        if path == PurePosixPath("."):
            self._refuse(name, "has no name")
        if key in self._seen:
            twice = self._seen[key] == str(path)
            self._refuse(name, "is there twice" if twice else "differs from another in case only")
        above = [str(parent).lower() for parent in path.parents]
        if key in self._folders or any(parent in self._seen for parent in above):
            self._refuse(name, "is a file and a folder at once")
        self._seen[key] = str(path)
        self._folders.update(above)


def _encodable(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
