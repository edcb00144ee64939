"""Items that crash, stall or swell their process are decided; the others are not disturbed."""

import ctypes
import multiprocessing
import os
import signal
import time

import pytest

from fame.core.errors import FameError
from fame.data.children import Undecided, decide


def act(order):
    """Do as an item says."""
    if order == "hang":
        time.sleep(600)
    elif order == "stall":  # as C code does: no signal handler of Python's gets its turn
        signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals) - {signal.SIGKILL})
        time.sleep(600)
    elif order == "crash":
        ctypes.string_at(0)
    elif order == "exit":
        os._exit(7)
    elif order == "swell":
        return len(bytearray(2**40))
    elif order == "raise":
        raise FameError("as ordered")
    return order * 2


def decided(orders, workers=2, seconds=60):
    return list(decide(act, orders, workers=workers, seconds=seconds, preload=["av"]))


@pytest.mark.parametrize("workers", [1, 2])
def test_answers_come_in_order_and_bad_items_are_decided(workers):
    orders = [1, "hang", 2, "crash", "stall", 3, "exit", 4, "swell", 5]
    one, hung, two, crashed, stalled, three, left, four, swelled, five = decided(
        orders, workers, seconds=3
    )
    assert (one, two, three, four, five) == (2, 4, 6, 8, 10)
    assert hung == stalled == Undecided("took longer than 3 s.")
    assert crashed == Undecided("ended the process that opened it, by signal 11.")
    assert left == Undecided("ended the process that opened it, with status 7.")
    assert swelled == Undecided("needs more than 4 GiB of memory.")


def test_many_items_and_none():
    assert decided(range(200)) == [2 * item for item in range(200)]
    assert decided([]) == []


def test_an_error_that_the_function_lets_through_is_raised():
    with pytest.raises(FameError, match="as ordered"):
        decided([1, "raise", 2])


def test_nothing_is_left_running_when_the_reader_stops():
    before = multiprocessing.active_children()
    answers = decide(act, [1] * 100, workers=2, seconds=60, preload=["av"])
    assert next(answers) == 2
    children = set(multiprocessing.active_children()).difference(before)
    assert children
    answers.close()
    assert not children.intersection(multiprocessing.active_children())
    assert decided([1]) == [2]
