"""Graceful shutdown: stop after the current step on SIGTERM, SIGUSR1 or Ctrl-C.

Slurm sends SIGTERM (or SIGUSR1, if configured) some time before it kills a job at its time limit,
the watcher of `fame.core.processes` sends SIGTERM when Snakemake is killed, Ctrl-C sends SIGINT.
"""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT)

ECHO = 2.0
"""Seconds within which a second SIGINT is an echo of the first, forwarded by torchrun."""


@dataclass
class Request:
    """A request to stop: the signal's name and the time of its arrival."""

    signal: str | None = None
    at: float = 0.0

    @property
    def made(self) -> bool:
        """Whether a signal has arrived."""
        return self.signal is not None


@contextmanager
def stop_requests() -> Iterator[Request]:
    """Within this context the first signal is recorded; a later Ctrl-C stops immediately."""
    request = Request()

    def note(number: int, frame: FrameType | None) -> None:
        if not request.made:
            request.signal, request.at = signal.Signals(number).name, time.monotonic()
        elif number == signal.SIGINT and time.monotonic() - request.at > ECHO:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, note) for number in SIGNALS}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
