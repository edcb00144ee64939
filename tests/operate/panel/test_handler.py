"""Snakemake's records in, text out, on a terminal and in a file: errors, no shell commands."""

import io
import logging
import os
import signal
import sys
import threading

import pytest
from rich.console import Console
from snakemake.settings.types import OutputSettings
from snakemake_interface_logger_plugins.common import LogEvent

from fame.operate.panel.asked import Asked
from fame.operate.panel.handler import LogHandler
from fame.operate.panel.live import LiveScreen

WALL = "Command 'set -euo pipefail; PATH=x' returned non-zero exit status 1."
ASKED = Asked("fame run table5 --scale micro", "fame run {} --scale micro")


class Watched:
    """A log handler that is told of a workflow, and what it has written."""

    def __init__(self, handler, file):
        self.handler, self.file = handler, file

    def tell(self, event=None, level=logging.INFO, msg="", **fields):
        record = logging.LogRecord("s", level, "", 0, msg, None, None)
        record.__dict__.update(fields, event=event)
        self.handler.emit(record)

    def start(self, number, rule, **wildcards):
        told = {"jobid": number, "rule_name": rule, "wildcards": wildcards, "rule_msg": "starts"}
        log = [f"{rule}.log"]
        self.tell(LogEvent.JOB_INFO, **told, reason="", local=True, is_checkpoint=False, log=log)

    def fail(self, number, rule, **more):
        """The two records of a failed job, the first with its whole shell command."""
        self.tell(LogEvent.ERROR, logging.ERROR, WALL, exception="RuleException")
        told = {"jobid": number, "rule_name": rule, "log": [f"{rule}.log"], "rule_msg": None}
        told |= {"output": [f"results/{rule}"], "shellcmd": "PATH=x fame"}
        self.tell(LogEvent.JOB_ERROR, logging.ERROR, **told | more)

    def end(self):
        """What Snakemake says last, and the end of all logging."""
        self.tell(level=logging.ERROR, msg="Exiting because a job execution failed. Look above")
        text = "WorkflowError:\nAt least one job did not complete successfully."
        self.tell(LogEvent.ERROR, logging.ERROR, text, exception="WorkflowError")
        self.handler.close()
        self.handler.close()  # as logging does once more at the end of the process
        return self.text()

    def text(self):
        return self.file.getvalue()


@pytest.fixture(autouse=True)
def interruptible():
    """Ctrl-C reaches this process, also if it was started in the background and ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(params=["terminal", "file"])
def watched(request, monkeypatch, tmp_path):
    return watch(request.param, monkeypatch, tmp_path)


@pytest.fixture
def terminal(monkeypatch, tmp_path):
    return watch("terminal", monkeypatch, tmp_path)


def watch(where, monkeypatch, tmp_path):
    monkeypatch.setenv("FAME_ASKED", "{}")
    monkeypatch.setenv("FAME_LIVE", "")
    ASKED.to_environment()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TERM", "xterm")
    file = io.StringIO()
    file.isatty = lambda: where == "terminal"
    monkeypatch.setattr(sys, "stderr", file)
    handler = LogHandler(OutputSettings(show_failed_logs=True), None)
    assert isinstance(handler.screen, LiveScreen) == (where == "terminal")
    assert (os.environ["FAME_LIVE"] == "1") == (where == "terminal")
    if where == "terminal":
        handler.screen.console = Console(file=file, width=100, force_terminal=True)
    return Watched(handler, file)


def test_a_run_with_a_failure(watched, tmp_path):
    (tmp_path / "linear.log").write_text("linear. Train.\nfame: the disk is full; clear it\n")
    watched.tell(msg="Building DAG of jobs...")
    watched.tell(LogEvent.RUN_INFO, stats={"world": 1, "linear": 1, "total": 2}, msg="Job stats")
    watched.start(1, "world", data="w1")
    watched.start(2, "linear", run="a", data="w1")
    watched.tell(LogEvent.JOB_FINISHED, job_id=1, msg="Finished jobid: 1")
    for _ in range(2):
        watched.fail(2, "linear")
    watched.tell(level=logging.WARNING, msg="the [disk] is nearly full")
    said = watched.end()
    assert "failed: linear of a on w1" in said and "the disk is full; clear it" in said
    assert "the [disk] is nearly full" in said and "log: linear.log" in said
    assert said.count("this job alone: fame run results/linear --scale micro") == 1
    for noise in ("PATH=", "linear. Train.", "RuleException", "Exiting because", "WorkflowError"):
        assert noise not in said
    last = said.rstrip().splitlines()[-2:]
    assert "1 of 2 jobs are done, 1 failed" in last[0]
    assert last[1].endswith("go on when that is mended: fame run table5 --scale micro")


def test_a_file_has_the_failures_again_at_its_end(monkeypatch, tmp_path):
    watched = watch("file", monkeypatch, tmp_path)
    watched.tell(LogEvent.RUN_INFO, stats={"linear": 30}, msg="Job stats")
    (tmp_path / "linear.log").write_text("fame: the disk is full; clear it\n")
    for number in range(12):
        watched.start(number, "linear", run=f"r{number}")
        watched.fail(number, "linear")
    watched.tell(msg="Complete log(s): x")
    end = watched.end().partition("Complete log(s): x")[2].strip().splitlines()
    assert end[:3] == [
        "failed: linear of r0",
        "  the disk is full; clear it",
        "  log: linear.log",
    ]
    assert len(end) == 10 * 3 + 1 + 2 and end[30] == "and 2 more failed"


def test_a_file_has_snakemakes_lines_of_a_good_run(monkeypatch, tmp_path):
    watched = watch("file", monkeypatch, tmp_path)
    watched.tell(msg="Building DAG of jobs...")
    watched.tell(LogEvent.RUN_INFO, stats={"world": 1}, msg="Job stats")
    watched.start(1, "world", data="w1")
    watched.tell(LogEvent.JOB_FINISHED, job_id=1, msg="Finished jobid: 1")
    watched.tell(LogEvent.SHELLCMD, cmd="PATH=x")
    watched.handler.close()
    lines = [line for line in watched.text().splitlines() if line and not line.startswith("[")]
    assert lines[:2] == ["Building DAG of jobs...", "Job stats"]
    assert lines[-2] == "Finished jobid: 1" and "PATH" not in watched.text()
    assert lines[-1].startswith("done: 1 job in ")


def test_ctrl_c_before_the_first_job_ends_without_a_traceback(watched):
    with pytest.raises(SystemExit) as ended:
        os.kill(os.getpid(), signal.SIGINT)
    assert ended.value.code == 130
    watched.handler.close()
    assert "stopped before the first job" in watched.text()


def test_a_job_that_succeeds_when_it_is_repeated_is_no_failure(watched, tmp_path):
    (tmp_path / "world.log").write_text("fame: the network is down; wait\n")
    watched.tell(LogEvent.RUN_INFO, stats={"world": 1}, msg="Job stats")
    watched.start(1, "world", data="w1")
    watched.fail(1, "world")
    watched.start(1, "world", data="w1")
    watched.tell(LogEvent.JOB_FINISHED, job_id=1, msg="Finished jobid: 1")
    watched.handler.close()
    assert watched.text().count("the network is down") == 1
    assert "go on" not in watched.text()


def test_what_ctrl_c_ends_has_not_failed(watched, tmp_path):
    (tmp_path / "world.log").write_text("Traceback\nKeyboardInterrupt\n")
    watched.tell(LogEvent.RUN_INFO, stats={"world": 2}, msg="Job stats")
    watched.start(1, "world", data="w1")
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    watched.fail(1, "world")
    watched.tell(msg="Terminating processes on user request, this might take some time.")
    said = watched.end()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert "failed: " not in said and "KeyboardInterrupt" not in said and "PATH=" not in said
    assert said.count("Terminating processes") == 1
    last = said.rstrip().splitlines()[-2:]
    assert "stopped after" in last[0]
    assert "0 of 2 jobs are done, 2 did not run to their end" in last[0]
    assert last[1].endswith("go on: fame run table5 --scale micro")


def test_of_a_group_only_the_job_to_blame_is_told(watched, tmp_path):
    (tmp_path / "linear.log").write_text("fame: the disk is full\n")
    (tmp_path / "12.log").write_text("slurmstepd\n")
    watched.tell(LogEvent.RUN_INFO, stats={"linear": 1, "knn": 1}, msg="Job stats")
    for number, rule in enumerate(("linear", "knn")):
        watched.start(number, rule, run="a")
    jobs = [
        {"jobid": number, "rule_name": rule, "log": [f"{rule}.log"], "output": []}
        for number, rule in enumerate(("linear", "knn"))
    ]
    watched.tell(LogEvent.GROUP_ERROR, logging.ERROR, job_error_info=jobs, aux_logs=["12.log"])
    for number, rule in enumerate(("linear", "knn")):
        watched.fail(number, rule, indent=True)
    said = watched.end()
    assert "failed: linear of a" in said and "failed: knn" not in said
    assert "log: linear.log, 12.log" in said


def test_what_is_said_without_any_job_is_shown(watched):
    watched.tell(msg="Nothing to be done (all requested files are present and up to date).")
    watched.tell(LogEvent.ERROR, logging.ERROR, "there is no scale", exception="WorkflowError")
    assert "Nothing to be done" in watched.text() and "there is no scale" in watched.end()
    assert "At least one job" in watched.text()  # no failure was told, so this is all there is


def test_a_terminal_has_no_chatter(terminal):
    for text in ("Using workflow specific profile x", "Config file y is extended", "Assuming z"):
        terminal.tell(msg=text)
    terminal.tell(LogEvent.WORKFLOW_STARTED, msg="Workflow has started!")
    assert terminal.text() == ""
    terminal.tell(msg="Building DAG of jobs...")
    terminal.tell(LogEvent.RUN_INFO, stats={"publish": 1})
    terminal.tell(msg="Elapsed time: 0:00:01")
    assert "Building" not in terminal.end() and "Elapsed" not in terminal.text()


def test_a_finished_job_may_have_a_note_for_the_user(terminal, tmp_path):
    (tmp_path / "publish.log").write_text("publish. Copy.\nnote: mini was replaced\nDone\n")
    terminal.tell(LogEvent.RUN_INFO, stats={"publish": 1})
    terminal.start(1, "publish", name="table5")
    terminal.tell(LogEvent.JOB_FINISHED, job_id=1)
    terminal.handler.close()
    assert "note: mini was replaced" in terminal.text() and "publish. Copy" not in terminal.text()
    assert "done: 1 job in" in terminal.text().rstrip().splitlines()[-1]


def test_the_cursor_is_left_visible(terminal):
    terminal.tell(LogEvent.RUN_INFO, stats={"world": 1})
    assert terminal.text().rindex("\x1b[?25h") > terminal.text().rindex("\x1b[?25l")
    terminal.end()
    assert terminal.text().rindex("\x1b[?25h") > terminal.text().rindex("\x1b[?25l")


def test_nothing_is_printed_with_the_lock_that_the_drawing_thread_wants(terminal, tmp_path):
    """That thread holds the terminal's lock then; printing waits for it, and both for ever."""
    free, handler = [], terminal.handler

    def ask():
        free.append(handler._lock.acquire(timeout=0.2))
        if free[-1]:
            handler._lock.release()

    def printing(*_):
        other = threading.Thread(target=ask)
        other.start()
        other.join()

    for name in ("begin", "take", "fail", "finish", "end"):
        setattr(handler.screen, name, printing)
    terminal.tell(LogEvent.RUN_INFO, stats={"world": 1})
    terminal.start(1, "world", data="w1")
    terminal.fail(1, "world")
    terminal.tell(LogEvent.JOB_FINISHED, job_id=1)
    terminal.end()
    assert len(free) >= 6 and all(free)
