"""Which workflow started a process, and whether that workflow still lives. No torch.

Everything that Snakemake starts inherits a mark in its environment. A process whose mark names a
dead workflow is an orphan: nobody waits for it, and the next workflow would do its work again.
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
"""Seconds that an orphan has to finish its step and write a checkpoint."""


@dataclass(frozen=True)
class Mark:
    """A workflow: its Snakemake process, told from later ones of its number, and its folder."""

    host: str
    pid: int
    started: int
    place: str

    def __str__(self) -> str:
        return f"{self.host} {self.pid} {self.started} {self.place}"

    @property
    def is_dead(self) -> bool:
        """Whether the workflow has ended; what runs on another machine counts as alive."""
        return self.host == socket.gethostname() and _started(self.pid) != self.started


def _started(pid: int) -> int | None:
    """When a living process was started, in hundredths of a second."""
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
    """Let all that this process starts from now on bear its mark."""
    pid = os.getpid()
    mark = Mark(socket.gethostname(), pid, _started(pid) or 0, str(place.resolve()))
    os.environ[VARIABLE] = str(mark)


def end_with_workflow(every: float = 0.5) -> None:
    """Send this process SIGTERM when the workflow that started it ends, if one did.

    Not left to the kernel's signal at the parent's death: between the two there may be a shell.

    Args:
        every: seconds between looks.

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
    """Whether a living process bears the mark of a dead workflow (of one in `place`)."""
    try:
        mark = mark_of(process.environ().get(VARIABLE, ""))
    except psutil.Error:
        return False
    if mark is None or (place is not None and mark.place != str(place.resolve())):
        return False
    return mark.is_dead


def orphan(pid: int) -> psutil.Process | None:
    """The process of a number, if it is an orphan."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return process if is_orphan(process) else None
    return None


def orphans(place: Path) -> list[psutil.Process]:
    """What dead workflows of a folder have left running on this machine, with its children."""
    found = [process for process in psutil.process_iter() if is_orphan(process, place)]
    return list(dict.fromkeys([*found, *(child for process in found for child in _below(process))]))


def _below(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def end(processes: Iterable[psutil.Process], grace: float = GRACE) -> None:
    """End processes: politely, so that trainings save their last step, then by force."""
    every = list(processes)
    for process in every:
        _signal(process, signal.SIGTERM)
        _signal(process, signal.SIGCONT)  # a suspended one hears nothing
    for process in _wait(every, grace):
        _signal(process, signal.SIGKILL)
    _wait(every, grace)


def _wait(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait until processes have ended, if only as zombies; returns those that have not.

    In a container there may be nobody to reap those.
    """
    until = time.monotonic() + seconds
    while left := [process for process in processes if is_alive(process)]:
        if time.monotonic() > until:
            break
        time.sleep(0.05)
    return left


def is_alive(process: psutil.Process) -> bool:
    """Whether a process still runs or could."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _signal(process: psutil.Process, number: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)
