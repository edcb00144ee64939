"""Atomic file writes, hashing and locks."""

import errno
import fcntl
import hashlib
import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from fame.core.errors import FameError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
UNWRITABLE = _FULL | _FORBIDDEN
"""Errors of a disk that is full or read-only, even if they name no file."""


def shown(name: str | os.PathLike[str]) -> str:
    """A file's name as text for any reader: bytes that are not UTF-8 become hexadecimal."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def unusable(path: Path, error: OSError, deed: str = "written") -> str:
    """One sentence about a file or folder that the system refused, with a remedy."""
    if isinstance(error, IsADirectoryError):
        return f"{path} is a folder; give another path"
    file = _blocking_file(path)
    if file is not None and isinstance(error, FileExistsError | NotADirectoryError):
        return f"{file} is a file where a folder is needed; give another path"
    reason = error.strerror or str(error)
    return f"{path} could not be {deed} ({reason}); {_remedy(error)}"


def _blocking_file(path: Path) -> Path | None:
    """The first of a path's parents, or the path itself, that exists and is not a folder."""
    # os.path: pathlib raises on over-long names.
    places = (place for place in (*reversed(path.parents), path) if os.path.exists(place))  # noqa: PTH110
    return next((place for place in places if not place.is_dir()), None)


def _remedy(error: OSError) -> str:
    if error.errno == errno.ENAMETOOLONG:
        return "give a shorter path"
    if error.errno in _FULL:
        return "free space and rerun the same command"
    if error.errno in _FORBIDDEN:
        return "correct the folder's permissions and rerun the same command"
    return "check that it exists and is accessible, or give another path"


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file; on success it is synced and replaces `path` atomically.

    Raises:
        FameError: the disk is full or the folder cannot be written; `path` is unchanged.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():  # before the work, not at the `replace` after it
            raise IsADirectoryError(errno.EISDIR, "Is a directory")
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise FameError(unusable(path, error)) from error
    finally:
        with suppress(OSError):  # it may not have been created
            temporary.unlink()


def write_json(path: Path, data: Any) -> None:
    """Write JSON atomically."""
    with replacing(path) as file:
        file.write((json.dumps(data, indent=2, sort_keys=False) + "\n").encode())


def read_json(path: Path) -> Any:
    """Read JSON; a `FameError` names a missing or broken file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FameError(f"{path}: no such file; make it first") from None
    except (OSError, ValueError) as error:
        raise FameError(
            f"{path}: not readable as JSON ({error}); delete it and make it again"
        ) from None


def sha256(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


LOCK = ".lock"
"""The lock file of a directory."""


@contextmanager
def owned(directory: Path) -> Iterator[None]:
    """Lock a run's directory while it is written; the lock ends with the process.

    An owner whose workflow was killed is stopped: it saves its last step, and this process resumes
    from there. Any other living owner may finish.

    Raises:
        FameError: another living process holds the lock, or it cannot be written.
    """
    lock = directory / LOCK
    try:
        directory.mkdir(parents=True, exist_ok=True)
        file = lock.open("a+")
    except OSError as error:
        raise FameError(unusable(lock, error)) from None
    with file:
        if not _try_lock(file):
            _stop_orphan(file, directory)
            if not _try_lock(file):
                raise _refusal(file, directory)
        _write_owner(file, directory)
        yield


def _write_owner(file: IO[str], directory: Path) -> None:
    """Write the owner's process id and host into the lock."""
    try:
        file.truncate(0)
        # Not file.write: on a full disk it would write again, and fail, when the file is closed.
        os.write(file.fileno(), f"{os.getpid()} on {socket.gethostname()}".encode())
    except OSError as error:  # the error names no file
        raise FameError(unusable(directory, error)) from None


def _try_lock(file: IO[str]) -> bool:
    """Lock a file if it is free."""
    try:
        # Not flock: forked loader workers would hold that for seconds after a kill.
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(file: IO[str]) -> str:
    file.seek(0)
    return file.read().strip() or "unknown"


def _stop_orphan(file: IO[str], directory: Path) -> None:
    """Stop the owner if it runs on this machine and is left over from a killed workflow."""
    from fame.core.processes import end, orphan

    number, _, host = _owner(file).partition(" on ")
    if host != socket.gethostname() or not number.isdigit():
        return
    process = orphan(int(number))
    if process is not None:
        print(
            f"{directory}: stopping process {number}, which a killed workflow left behind",
            file=sys.stderr,
        )
        end([process])


def _refusal(file: IO[str], directory: Path) -> FameError:
    return FameError(
        f"{directory} is being written by process {_owner(file)}; wait for it or stop it, then "
        "rerun the same command"
    )
