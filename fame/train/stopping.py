"""A polite end: signals that ask a training to stop after the step that it is in.

Slurm sends SIGTERM some time before it kills at the time limit (SIGUSR1 if it is told to), the
kernel sends SIGTERM when Snakemake is killed, and Ctrl-C sends SIGINT.
"""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT)

ECHO = 2.0
"""Seconds within which a second SIGINT is the first one again, passed on by torchrun."""


@dataclass
class Request:
    """Whether this process was asked to stop: the signal's name, and when by the clock."""

    signal: str | None = None
    at: float = 0.0

    @property
    def made(self) -> bool:
        """Whether it was."""
        return self.signal is not None


@contextmanager
def stop_requests() -> Iterator[Request]:
    """Within this context the first signal is only noted; a later Ctrl-C ends at once."""
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
