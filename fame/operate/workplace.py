"""One workflow at a time in a folder. No torch.

Snakemake's own lock does not name its owner and outlives a `kill -9`. Ours is held by the kernel
as long as the process lives, through `exec`. So a Snakemake lock is stale if ours is free and no
Snakemake is running.
"""

import fcntl
import os
import socket
import sys
from pathlib import Path

import psutil

from fame.core.errors import FameError
from fame.core.processes import end, orphans
from fame.operate.slurm import cancel, left_behind


def occupy(place: Path) -> None:
    """Lock a folder until this process ends; calling it again does nothing.

    Raises:
        FameError: another process holds it, or the folder cannot be written.
    """
    path = place / ".snakemake" / "fame.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Never closed: closing any descriptor of the file would release the lock.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise FameError(
            f"{path} cannot be written ({error.strerror}); correct the folder's permissions"
        ) from None
    os.set_inheritable(descriptor, True)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        owner = os.pread(descriptor, 200, 0).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise _refusal(place, owner) from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()} on {socket.gethostname()}\n".encode(), 0)


def _refusal(place: Path, owner: str) -> FameError:
    return FameError(
        f"a workflow is running in {place.resolve()} (process {owner}); wait for it or stop it, "
        "then rerun the same command"
    )


def clear(place: Path) -> None:
    """Clean up after a killed workflow in a locked folder: orphans, Slurm jobs, Snakemake's lock.

    Orphans are stopped, not waited for: they may have days to go, and nothing uses their results.
    A training saves its last step, from which the new one resumes.

    Raises:
        FameError: a Snakemake that does not hold our lock is running there.
    """
    while left := orphans(place):
        numbers = ", ".join(str(process.pid) for process in left)
        _say(f"stopping processes of a killed workflow (process {numbers})")
        end(left)
    locks = sorted((place / ".snakemake" / "locks").glob("*.lock"))
    jobs = left_behind(place)
    if not locks and not jobs:
        return
    for process in snakemakes(place):
        raise _refusal(place, str(process.pid))
    if jobs:
        _say(f"cancelling Slurm jobs of a killed workflow (job {', '.join(jobs)})")
        cancel(jobs)
    if not locks:
        return
    _say("removing the lock of a killed workflow")
    for lock in locks:  # as `snakemake --unlock` does
        lock.unlink(missing_ok=True)


def snakemakes(place: Path) -> list[psutil.Process]:
    """Other living Snakemake processes of this machine that work in a folder."""
    mine = {os.getpid(), *(process.pid for process in psutil.Process().parents())}
    return [
        process
        for process in psutil.process_iter()
        if process.pid not in mine and _is_snakemake(process, place)
    ]


def _is_snakemake(process: psutil.Process, place: Path) -> bool:
    try:
        words = [Path(word).name for word in process.cmdline()[:3]]
        return "snakemake" in words and Path(process.cwd()) == place.resolve()
    except (psutil.Error, OSError):
        return False


def _say(sentence: str) -> None:
    print(f"fame: {sentence}", file=sys.stderr)
