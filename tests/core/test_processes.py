"""Marks of workflows, orphans, and what ends with its workflow."""

import os
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fame.core import processes
from fame.core.errors import Interrupted
from fame.core.processes import (
    Mark,
    end,
    end_with_workflow,
    mark_children,
    mark_of,
    orphan,
    orphans,
)

PATIENCE = 60
SLEEP = "import time; print('ready', flush=True); time.sleep(600)"
WORKFLOW = """
import subprocess, sys
from pathlib import Path
from fame.core.processes import mark_children
mark_children(Path(sys.argv[1]))
child = subprocess.Popen([sys.executable, "-c", sys.argv[2]], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
child.wait()
"""


@pytest.fixture
def workflow(tmp_path):
    """Starts a process that marks its children and has one; returns both. Ends them after all."""
    started = []

    def start(child=SLEEP):
        master = subprocess.Popen(
            [sys.executable, "-c", WORKFLOW, tmp_path, child], stdout=subprocess.PIPE, text=True
        )
        trainer = psutil.Process(int(master.stdout.readline()))
        started.append((master, trainer))
        return master, trainer

    yield start
    for master, child in started:
        master.kill()
        master.wait()
        master.stdout.close()
        end([child], grace=PATIENCE)  # orphans may have nobody who reaps them


def ends(process):
    """Wait until a process has ended."""
    until = time.monotonic() + PATIENCE
    while processes.is_alive(process):
        assert time.monotonic() < until
        time.sleep(0.05)


def kill(master):
    master.kill()
    master.wait()


@given(
    host=st.from_regex(r"[a-z0-9.-]+", fullmatch=True),
    pid=st.integers(1, 2**22),
    started=st.integers(0, 10**12),
    place=st.text(min_size=1),
)
def test_a_mark_is_read_as_it_was_written(host, pid, started, place):
    mark = Mark(host, pid, started, place)
    assert mark_of(str(mark)) == mark


@pytest.mark.parametrize("text", ["", "host", "host 1 2", "host one 2 /place"])
def test_anything_else_is_no_mark(text):
    assert mark_of(text) is None


def test_a_mark_is_of_a_process_and_not_of_its_number(monkeypatch, tmp_path):
    monkeypatch.setenv(processes.VARIABLE, "")
    mark_children(tmp_path)
    mark = mark_of(os.environ[processes.VARIABLE])
    assert mark.pid == os.getpid() and mark.place == str(tmp_path) and not mark.is_dead
    assert replace(mark, started=mark.started - 100).is_dead  # the number was used again
    assert not replace(mark, host=f"not-{socket.gethostname()}", started=0).is_dead


def test_orphans_are_the_children_of_the_dead(workflow, tmp_path):
    master, child = workflow()
    assert orphans(tmp_path) == [] and orphan(child.pid) is None
    kill(master)
    assert orphans(tmp_path) == [child] and orphan(child.pid) == child
    assert orphans(tmp_path / "elsewhere") == []
    end([child])
    assert orphans(tmp_path) == [] and orphan(child.pid) is None


def test_an_orphan_that_is_deaf_or_suspended_is_ended_all_the_same(workflow):
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SLEEP
    master, child = workflow(deaf)
    child.suspend()
    kill(master)
    end([child], grace=0.2)
    ends(child)


def test_a_command_ends_with_its_workflow_whatever_is_between(workflow):
    """Its parent is a shell that lives on."""
    code = f"from fame.core.processes import end_with_workflow; end_with_workflow(0.05)\n{SLEEP}"
    master, child = workflow(
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])"
    )
    (grandchild,) = child.children()
    kill(master)
    ends(grandchild)


def test_a_command_whose_workflow_is_gone_does_not_begin(monkeypatch):
    gone = Mark(socket.gethostname(), os.getpid(), 0, str(Path.cwd()))
    monkeypatch.setenv(processes.VARIABLE, str(gone))
    with pytest.raises(Interrupted, match=f"process {os.getpid()}\\) has ended"):
        end_with_workflow()


def test_without_a_workflow_nothing_is_watched(monkeypatch):
    monkeypatch.delenv(processes.VARIABLE, raising=False)
    monkeypatch.setattr(processes.threading, "Thread", None)
    end_with_workflow()
