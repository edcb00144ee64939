"""Snakemake's records in, a terminal's text out: chatter and shell commands stay away."""

import io
import logging

import pytest
from rich.console import Console
from snakemake_interface_logger_plugins.common import LogEvent

from fame.operate.panel.handler import LogHandler


@pytest.fixture
def handler():
    made = LogHandler(None, None)
    made.console = Console(file=io.StringIO(), width=100, force_terminal=True)
    yield made
    made.close()


def tell(handler, event=None, level=logging.INFO, msg="", **fields):
    record = logging.LogRecord("s", level, "", 0, msg, None, None)
    record.__dict__.update(fields, event=event)
    handler.emit(record)


def text(handler):
    return handler.console.file.getvalue()


def test_a_run_with_a_failure(handler, tmp_path, monkeypatch):
    monkeypatch.setenv("FAME_REPEAT", "fame run {} --scale micro")
    log = tmp_path / "world.log"
    log.write_text("fame: the disk is full\n")
    tell(handler, msg="Building DAG of jobs...")
    tell(handler, LogEvent.RUN_INFO, stats={"world": 2, "total": 2})
    tell(handler, msg="Select jobs to execute...")
    for number in (1, 2):
        wildcards = {"data": f"w{number}"}
        told = {"jobid": number, "rule_name": "world", "wildcards": wildcards}
        tell(handler, LogEvent.JOB_INFO, **told)
    tell(handler, LogEvent.JOB_FINISHED, job_id=1)
    failed = {"jobid": 2, "log": [str(log)], "output": ["results/w2"], "shellcmd": "PATH=x fame"}
    for _ in range(2):
        tell(handler, LogEvent.JOB_ERROR, logging.ERROR, **failed)
    wall = "Command 'set -euo pipefail; PATH=x' returned non-zero exit status 1."
    tell(handler, LogEvent.ERROR, logging.ERROR, wall, exception="RuleException")
    tell(handler, level=logging.WARNING, msg="the [disk] is nearly full")
    handler.close()
    said = text(handler)
    assert said.count("failed: world of w2") == 1 and "fame: the disk is full" in said
    assert "repeat it: fame run results/w2 --scale micro" in said
    assert "PATH=" not in said and "Building" not in said and "Select jobs" not in said
    assert "the [disk] is nearly full" in said
    assert "1 of 2 jobs, 1 failed" in said.strip().splitlines()[-1]


def test_what_is_said_without_any_job_is_shown(handler):
    tell(handler, msg="Building DAG of jobs...")
    tell(handler, msg="Nothing to be done (all requested files are present and up to date).")
    tell(handler, LogEvent.ERROR, logging.ERROR, "there is no scale", exception="WorkflowError")
    assert "Nothing to be done" in text(handler) and "there is no scale" in text(handler)
    assert "Building" not in text(handler)


def test_the_cursor_is_left_visible(handler):
    tell(handler, LogEvent.RUN_INFO, stats={"world": 1})
    assert text(handler).rindex("\x1b[?25h") > text(handler).rindex("\x1b[?25l")
