"""Run work that may crash or hang in child processes, with a time limit per item.

Decoders are C code: one broken file can crash or stall the process that opens it. A child that dies
or exceeds its time is replaced, and a reason is returned for its item.
"""

import multiprocessing
import os
import resource
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import TimeoutError as LateError
from dataclasses import dataclass
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

Item = TypeVar("Item")
Answer = TypeVar("Answer")

MEMORY_GIB = 4
"""Limit of a child's address space: a corrupt header may declare a picture of any size."""

_AHEAD = 4  # items queued per child: none waits, and memory stays small


@dataclass(frozen=True)
class Undecided:
    """An item whose child died or timed out; `reason` is a sentence about the item."""

    reason: str


def decide(
    function: Callable[[Item], Answer],
    items: Iterable[Item],
    *,
    workers: int,
    seconds: float,
    preload: Sequence[str],
) -> Iterator[Answer | Undecided]:
    """Apply a function to items in child processes; yields the answers in order.

    Args:
        function: defined at a module's top level; it should catch the errors that it can explain.
        items: small values; each is pickled and sent to a child.
        workers: number of children.
        seconds: time limit per item, after which its child is killed.
        preload: modules imported before children are forked, so that they start quickly.

    Yields:
        The function's value, or `Undecided`.
    """
    context = multiprocessing.get_context("forkserver")  # forking a threaded parent is unsafe
    context.set_forkserver_preload(list(preload))
    pool = ProcessPool(max(1, workers), initializer=_bounded, context=context)
    waiting: deque[ProcessFuture[Any]] = deque()
    try:
        for item in items:
            waiting.append(pool.schedule(function, (item,), timeout=seconds))
            if len(waiting) >= _AHEAD * max(1, workers):
                yield _answer(waiting.popleft(), seconds)
        while waiting:
            yield _answer(waiting.popleft(), seconds)
    finally:
        pool.stop()
        pool.join()


def _bounded() -> None:
    """Limit a child's memory, disable core files, and discard what C libraries print.

    The answer says why an item failed; the libraries' lines would only break the progress bar.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # other systems ignore the limit
        limit = MEMORY_GIB * 2**30
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _answer(future: ProcessFuture[Any], seconds: float) -> Any:
    """The function's value, or `Undecided`; an exception of the function is raised here."""
    try:
        return future.result()
    except LateError:
        return Undecided(f"took longer than {seconds:g} s.")
    except ProcessExpired as error:
        code = error.exitcode
        how = f"by signal {-code}" if code and code < 0 else f"with status {code}"
        return Undecided(f"ended the process that opened it, {how}.")
    except MemoryError:
        return Undecided(f"needs more than {MEMORY_GIB} GiB of memory.")
