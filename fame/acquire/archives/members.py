"""What is in an archive, whatever kind of archive it is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Literal


@dataclass(frozen=True)
class Member:
    """An entry of an archive.

    Attributes:
        name: as the archive has it.
        size: bytes that it says it has, unpacked.
        kind: `link` is a symbolic or hard one; `other` is a device, a pipe and the like.
        open: gives the content, for a file.
    """

    name: str
    size: int
    kind: Literal["file", "folder", "link", "other"]
    open: Callable[[], IO[bytes]]


def no_content() -> IO[bytes]:
    """The `open` of what has no content to read."""
    raise ValueError("only files are opened")
