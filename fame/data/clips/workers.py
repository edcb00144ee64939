"""Loader processes: what they do with signals, and what is said when one dies."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from fame.core.errors import Interrupted


def start(number: int) -> None:
    """Leave signals that are sent to the whole group (Ctrl-C, Slurm) to the process that reads.

    It finishes its step, for which it needs its workers, and then ends them; if it is killed,
    they notice within seconds.
    """
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        signal.signal(ignored, signal.SIG_IGN)


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Turn what a loader worker's death raises into one sentence.

    Torch notices it by a signal, wherever the process is just then, or the pipe breaks first.

    Raises:
        Interrupted: a worker died.
    """
    # Twice, since the signal may come while a broken pipe is being put into words.
    with _put_into_words(name), _put_into_words(name):
        yield


@contextmanager
def _put_into_words(name: str) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, ConnectionError, EOFError) as error:
        if isinstance(error, RuntimeError) and not str(error).startswith("DataLoader worker (pid"):
            raise
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # or torch tells of it once more
        reason = str(error).split(". ")[0].rstrip(".") or "its pipe has ended"
        raise Interrupted(
            f"{name}: a loader worker died ({reason}), perhaps for lack of memory: lower "
            "resources.workers or resources.cache_mib; rerun the same command to resume"
        ) from error
