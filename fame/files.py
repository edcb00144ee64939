"""Files that are either whole or not there."""

import fcntl
import hashlib
import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from fame.errors import FameError


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file that takes `path`'s place, synced, only if all went well.

    Raises:
        FameError: if the disk is full or the folder cannot be written; `path` is untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise FameError(
            f"{path} could not be written ({reason}); free space or mend the folder's "
            "permissions and run the same command again"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, data: Any) -> None:
    """Write JSON, whole or not at all."""
    with replacing(path) as file:
        file.write((json.dumps(data, indent=2, sort_keys=False) + "\n").encode())


def read_json(path: Path) -> Any:
    """Read JSON, or say which file is missing or broken."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FameError(f"{path}: no such file; make it first") from None
    except (OSError, ValueError) as error:
        raise FameError(f"{path}: not readable as JSON ({error}); delete it and redo it") from None


def sha256(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


LOCK = ".lock"
"""The file by which a directory is owned."""


@contextmanager
def owned(directory: Path) -> Iterator[None]:
    """Own a run's directory while it is written; the lock ends with the process.

    An owner whose workflow was killed is stopped; it saves its last step, and this process goes
    on from there. Any other living owner has the right to finish.

    Raises:
        FameError: another living process owns it, or it cannot be written.
    """
    lock = directory / LOCK
    try:
        directory.mkdir(parents=True, exist_ok=True)
        file = lock.open("a+")
    except OSError as error:
        raise FameError(
            f"{lock} cannot be written ({error.strerror}); mend the folder's permissions and run "
            "the same command again"
        ) from None
    with file:
        if not _locked(file):
            _stop_orphan(file, directory)
            if not _locked(file):
                raise _refusal(file, directory)
        file.truncate(0)
        file.write(f"{os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield


def _locked(file: IO[str]) -> bool:
    """Lock a file, if it is free."""
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
    """End the owner, if it is on this machine and left over from a killed workflow."""
    from fame.processes import end, orphan

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
        "run the same command again"
    )
