"""Run work that may crash or hang in child processes, with a time limit for each item.

Decoders are C code: one broken file can crash or stall the process that opens it. A child that dies
or exceeds its time is replaced, and its item is answered with a reason.
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
"""Of address space for each child: a header may promise a picture that no machine holds."""

_AHEAD = 4  # items handed out for each child, so that none waits and none piles up


@dataclass(frozen=True)
class Undecided:
    """An item that a child did not survive; `reason` is a sentence about the item."""

    reason: str


def decide(
    function: Callable[[Item], Answer],
    items: Iterable[Item],
    *,
    workers: int,
    seconds: float,
    preload: Sequence[str],
) -> Iterator[Answer | Undecided]:
    """Apply a function to items in child processes and give the answers in order.

    Args:
        function: at a module's top level; it should catch what it can explain itself.
        items: small values; each crosses to a child.
        workers: children at the same time.
        seconds: time for one item, after which its child is killed.
        preload: modules that children should find imported, for a quick start.

    Yields:
        The answer, or why there is none.
    """
    context = multiprocessing.get_context("forkserver")  # to fork a threaded parent is unsafe
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
    """Limit a child's memory, leave no core files, and drop what C libraries print.

    Of an item that fails, the answer says why; their lines would only tear the progress bar.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # elsewhere the limit is not kept
        limit = MEMORY_GIB * 2**30
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _answer(future: ProcessFuture[Any], seconds: float) -> Any:
    """The answer, or `Undecided`; an error that the function lets through is raised."""
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
