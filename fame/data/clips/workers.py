"""Loader workers: their signal handling, and the error when one dies."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from fame.core.errors import Interrupted


def start(number: int) -> None:
    """Ignore signals sent to the whole process group (Ctrl-C, Slurm); the parent handles them.

    The parent needs its workers to finish its step, then ends them; if it is killed, they notice
    within seconds.
    """
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        signal.signal(ignored, signal.SIG_IGN)


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Turn the exception that a worker's death raises into one sentence.

    Torch learns of the death by a signal, which may arrive anywhere, unless the pipe breaks first.

    Raises:
        Interrupted: a worker died.
    """
    # Twice, since the signal may arrive while a broken pipe is being handled.
    with _put_into_words(name), _put_into_words(name):
        yield


@contextmanager
def _put_into_words(name: str) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, ConnectionError, EOFError) as error:
        if isinstance(error, RuntimeError) and not str(error).startswith("DataLoader worker (pid"):
            raise
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # or torch would report it again
        reason = str(error).split(". ")[0].rstrip(".") or "its pipe has ended"
        raise Interrupted(
            f"{name}: a loader worker died ({reason}), perhaps for lack of memory: lower "
            "resources.workers or resources.cache_mib; rerun the same command to resume"
        ) from error
