"""Which workflow started a process, and whether that workflow is still running. No torch.

Every process that Snakemake starts inherits a mark in its environment. A process whose mark names
a dead workflow is an orphan: nothing waits for it, and the next workflow would redo its work.
"""

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from fame.core.errors import Interrupted

VARIABLE = "FAME_WORKFLOW"

GRACE = 60.0
"""Seconds for an orphan to finish its step and write a checkpoint."""


@dataclass(frozen=True)
class Mark:
    """A workflow: its Snakemake process (id and start time, as ids are reused) and its folder."""

    host: str
    pid: int
    started: int
    place: str

    def __str__(self) -> str:
        return f"{self.host} {self.pid} {self.started} {self.place}"

    @property
    def is_dead(self) -> bool:
        """Whether the workflow has ended; one on another machine counts as alive."""
        return self.host == socket.gethostname() and _started(self.pid) != self.started


def _started(pid: int) -> int | None:
    """The start time of a living process, in hundredths of a second."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return round(100 * process.create_time()) if is_alive(process) else None
    return None


def mark_of(text: str) -> Mark | None:
    """The inverse of `str(mark)`; None for anything else."""
    try:
        host, pid, started, place = text.split(" ", 3)
        return Mark(host, int(pid), int(started), place)
    except ValueError:
        return None


def mark_children(place: Path) -> None:
    """Mark every process that this one starts from now on."""
    pid = os.getpid()
    mark = Mark(socket.gethostname(), pid, _started(pid) or 0, str(place.resolve()))
    os.environ[VARIABLE] = str(mark)


def end_with_workflow(every: float = 0.5) -> None:
    """Send this process SIGTERM when the workflow that started it (if any) ends.

    The kernel's parent-death signal is not enough, since a shell may be in between.

    Args:
        every: seconds between checks.

    Raises:
        Interrupted: the workflow has ended already.
    """
    mark = mark_of(os.environ.get(VARIABLE, ""))
    if mark is None:
        return
    if mark.is_dead:
        raise Interrupted(f"the workflow that started this (process {mark.pid}) has ended")

    def watch() -> None:
        while not mark.is_dead:
            time.sleep(every)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="workflow", daemon=True).start()


def is_orphan(process: psutil.Process, place: Path | None = None) -> bool:
    """Whether a living process has the mark of a dead workflow (in `place`, if given)."""
    try:
        mark = mark_of(process.environ().get(VARIABLE, ""))
    except psutil.Error:
        return False
    if mark is None or (place is not None and mark.place != str(place.resolve())):
        return False
    return mark.is_dead


def orphan(pid: int) -> psutil.Process | None:
    """The process with this id, if it is an orphan."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return process if is_orphan(process) else None
    return None


def orphans(place: Path) -> list[psutil.Process]:
    """Processes on this machine left by dead workflows of a folder, with their children."""
    roots = [process for process in psutil.process_iter() if is_orphan(process, place)]
    return list(dict.fromkeys([*roots, *(child for process in roots for child in _below(process))]))


def _below(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def end(processes: Iterable[psutil.Process], grace: float = GRACE) -> None:
    """End processes: first by SIGTERM, so that trainings save their last step, then by SIGKILL."""
    every = list(processes)
    for process in every:
        _signal(process, signal.SIGTERM)
        _signal(process, signal.SIGCONT)  # a suspended process does not react otherwise
    for process in _wait(every, grace):
        _signal(process, signal.SIGKILL)
    _wait(every, grace)


def _wait(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait until processes have ended (zombies count as ended); returns those still running.

    In a container there may be no parent to reap zombies.
    """
    until = time.monotonic() + seconds
    while left := [process for process in processes if is_alive(process)]:
        if time.monotonic() > until:
            break
        time.sleep(0.05)
    return left


def is_alive(process: psutil.Process) -> bool:
    """Whether a process is running or suspended, not a zombie."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _signal(process: psutil.Process, number: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)
