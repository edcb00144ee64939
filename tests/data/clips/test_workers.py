"""Loader workers: deaf to signals that are not theirs, and their death is one sentence."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from fame.core.errors import Interrupted
from fame.data.clips.workers import explained, start


class Pids(Dataset):
    """Samples that tell who read them."""

    def __len__(self):
        return 64

    def __getitem__(self, index):
        return os.getpid()


def batches():
    return iter(DataLoader(Pids(), num_workers=1, prefetch_factor=2, worker_init_fn=start))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_a_signal_to_the_group_does_not_end_a_worker(number):
    with torch.random.fork_rng():
        loaded = batches()
    worker = int(next(loaded))
    os.kill(worker, number)
    assert [int(pid) for pid in loaded] == [worker] * 63


def read_on_after_the_workers_death():
    """Run in a process of its own, since torch's handler raises wherever it happens to be."""
    loaded = batches()
    worker = int(next(loaded))
    with explained("run"):
        os.kill(worker, signal.SIGKILL)
        for _ in loaded:
            time.sleep(0.01)


@pytest.mark.parametrize("attempt", range(3))
def test_a_killed_worker_is_one_sentence(attempt):
    ended = subprocess.run(
        [sys.executable, __file__], check=False, stderr=subprocess.PIPE, text=True, timeout=120
    )
    told = re.findall(r"^fame.core.errors.Interrupted: (.*)", ended.stderr, re.MULTILINE)
    assert (ended.returncode, len(told)) == (1, 1), ended.stderr
    assert re.fullmatch(r"run: a loader worker died \(.*rerun the same command to resume", told[0])


def test_the_signal_may_come_while_a_broken_pipe_is_put_into_words(monkeypatch):
    set_handler, late = signal.signal, ["DataLoader worker (pid 7) is killed by signal: Killed."]

    def interrupted(number, handler):
        if late:
            raise RuntimeError(late.pop())
        return set_handler(number, handler)

    before = signal.getsignal(signal.SIGCHLD)
    monkeypatch.setattr(signal, "signal", interrupted)
    try:
        with pytest.raises(Interrupted, match=r"run: a loader worker died \("), explained("run"):
            raise ConnectionResetError(104, "Connection reset by peer")
    finally:
        set_handler(signal.SIGCHLD, before)
    assert not late


def test_other_errors_stay_what_they_are():
    with pytest.raises(RuntimeError, match="shapes"), explained("run"):
        raise RuntimeError("shapes do not match")


if __name__ == "__main__":
    read_on_after_the_workers_death()
