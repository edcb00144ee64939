"""Requests to stop: noted, not obeyed at once, except for a second Ctrl-C."""

import os
import signal

import pytest

from fame.train import stopping
from fame.train.stopping import SIGNALS, stop_requests


def send(number):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_is_noted(number):
    with stop_requests() as request:
        assert not request.made
        send(number)
        assert request.made and request.signal == number.name
        send(signal.SIGTERM)
        send(number)  # the echo of the first
        assert request.signal == number.name


def test_a_later_ctrl_c_ends_at_once(monkeypatch):
    monkeypatch.setattr(stopping, "ECHO", 0.0)
    with stop_requests():
        send(signal.SIGTERM)
        send(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGINT)


def test_handlers_are_put_back_even_after_an_error():
    before = [signal.getsignal(number) for number in SIGNALS]
    with pytest.raises(ZeroDivisionError), stop_requests():
        assert [signal.getsignal(number) for number in SIGNALS] != before
        _ = 1 / 0
    assert [signal.getsignal(number) for number in SIGNALS] == before
