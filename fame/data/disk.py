"""Free-space checks and out-of-space errors."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fame.core.errors import FameError

RESERVE = 256 * 2**20
"""Bytes to keep free."""


def human(count: float) -> str:
    """Bytes in decimal units, as disks are sold: 6960400115 is "6.96 GB"."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"


def check_space(folder: Path, need: int, what: str) -> None:
    """Refuse to start without enough free space.

    Args:
        folder: where the data will be written; it need not exist yet.
        need: bytes.
        what: name of the data, for the error.

    Raises:
        FameError: less than `need` plus a reserve is free.
    """
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < need + RESERVE:
        raise FameError(
            f"{what} needs {human(need)} at {folder}, but only {human(free)} are free (of which "
            f"{human(RESERVE)} are left alone); free space or choose another folder"
        )


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn write errors into a `FameError`.

    Raises:
        FameError: for any OSError.
    """
    try:
        yield
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        remedy = "free space" if full else "make the folder writable"
        raise FameError(
            f"{path} could not be written ({error.strerror or error}); {remedy} and rerun the same "
            "command to resume"
        ) from error
