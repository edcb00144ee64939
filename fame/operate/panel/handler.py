"""Snakemake's log handler of `fame run`; found as the plugin `fame`."""

import logging
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from fame.operate.panel.asked import LIVE, Asked
from fame.operate.panel.failure import Failure, failed_of, failure_of
from fame.operate.panel.live import STOPPING, LiveScreen
from fame.operate.panel.plain import PlainScreen
from fame.operate.panel.progress import Cost, JobKey, Progress, key_of
from fame.operate.panel.render import ending

_COMMAND_FAILED = re.compile(r"returned non-zero exit status|died with (<Signals|unknown signal)")
"""In the exception that repeats a failed job's whole shell command."""

_SEE_ABOVE = ("Exiting because a job execution failed", "At least one job did not complete")
"""Begins what is said last, below the failures themselves."""

INTERRUPTED = 130
"""The exit status after a Ctrl-C."""

ACTIVE: "list[LogHandler]" = []
"""The handler of this process, if there is one."""


class LogHandler(LogHandlerBase):
    """Draws a panel on a terminal, else writes Snakemake's lines; failures are told in ours."""

    def __post_init__(self) -> None:
        """Choose a screen; nothing is drawn before the first job."""
        self.state, self.since = Progress(), time.monotonic()
        self.asked = Asked.from_environment()
        self.stopped = self._ended = False
        self._failures: dict[JobKey, Failure] = {}
        self._logs: dict[int, list[str]] = {}
        self._lock = threading.RLock()
        self.screen: LiveScreen | PlainScreen = self._screen()
        self._before = self._notice_interrupts()
        ACTIVE[:] = [self]

    def _screen(self) -> LiveScreen | PlainScreen:
        terminal = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        if terminal and not self.common_settings.quiet:
            os.environ[LIVE] = "1"
            return LiveScreen(self.state, self._lock)
        return PlainScreen(self.common_settings)

    def _notice_interrupts(self) -> Any:
        """Remember a Ctrl-C, which ends the jobs as well: then they have not failed.

        Before the first job there is nothing that Snakemake has to end, so this process may.
        """
        before = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is not threading.main_thread() or not callable(before):
            return None

        def noticed(number: int, frame: FrameType | None) -> Any:
            self.stopped = True
            if not self.state.total:
                raise SystemExit(INTERRUPTED)
            return before(number, frame)

        signal.signal(signal.SIGINT, noticed)
        return before

    def expect(self, costs: dict[JobKey, Cost]) -> None:
        """What the jobs take, told when the workflow starts."""
        with self._lock:
            self.state.costs = costs

    def emit(self, record: logging.LogRecord) -> None:
        """Take one event; called by one thread."""
        try:
            self._take(record)
        except Exception:
            self.handleError(record)

    def _take(self, record: logging.LogRecord) -> None:
        event, told = getattr(record, "event", None), record.__dict__
        if event == LogEvent.JOB_ERROR:
            if not told.get("indent"):  # of a group's jobs, all are reported as failed
                self._failed([told])
            with self._lock:
                end = self.state.stop if self.stopped else self.state.fail
                end(told["jobid"])
        elif event == LogEvent.GROUP_ERROR:
            self._failed(failed_of(told["job_error_info"]), told.get("aux_logs") or ())
        elif not self._repeats(record):
            # The panel is drawn by a thread that wants this lock while it holds the terminal's, so
            # nothing may be printed with it held.
            with self._lock:
                self._count(event, told, time.monotonic())
            if event == LogEvent.RUN_INFO:
                self.screen.begin()
            elif event == LogEvent.JOB_FINISHED:
                self.screen.finish(self._note(told["job_id"]))
            self.screen.take(record)

    def _count(self, event: Any, told: dict[str, Any], now: float) -> None:
        if event == LogEvent.RUN_INFO and not self.state.total:  # it comes again at the end
            stats = told.get("stats") or {}
            self.state.total.update({k: v for k, v in stats.items() if k != "total"})
        elif event == LogEvent.JOB_INFO:
            number = told["jobid"]
            self.state.announce(number, told["rule_name"], told["wildcards"] or {}, now)
            self._failures.pop(self.state.known[number], None)
            self._logs[number] = list(told.get("log") or [])
        elif event == LogEvent.JOB_FINISHED:
            self.state.finish(told["job_id"], now)

    def _note(self, number: int) -> Path | None:
        """The log of a finished job that may have a word for the user."""
        rule = self.state.known.get(number, ("", ()))[0]
        logs = self._logs.get(number) or []
        return Path(logs[0]) if logs and rule.startswith("publish") else None

    def _failed(self, jobs: Sequence[Mapping[str, Any]], more: Sequence[str] = ()) -> None:
        """Tell each job's failure once, unless the user stopped it."""
        for told in jobs:
            key = self.state.known.get(told["jobid"]) or key_of(told["rule_name"], {})
            if not self.stopped and key not in self._failures:
                self._failures[key] = failure_of(key, told, more)
                self.screen.fail(self._failures[key].whole(self.asked))

    def _repeats(self, record: logging.LogRecord) -> bool:
        """Whether a record only repeats that jobs have failed, or that the user stopped them."""
        text = str(record.msg or "").strip()
        if text.startswith(STOPPING):
            self.stopped = True
        named = getattr(record, "exception", "") in {"RuleException", "CalledProcessError"}
        if (named or record.levelno >= logging.ERROR) and _COMMAND_FAILED.search(text):
            return True
        told = bool(self._failures) or self.stopped
        return told and any(words in text for words in _SEE_ABOVE)

    def close(self) -> None:
        """Leave the last lines: what was done, what failed, how to go on."""
        if not self._ended:
            self._ended = True
            if self._before is not None:
                signal.signal(signal.SIGINT, self._before)
            failures = [failure.short(self.asked) for failure in self._failures.values()]
            seconds = time.monotonic() - self.since
            lines = ["stopped before the first job"] if self.stopped else []
            if self.state.total:
                lines = ending(self.state, seconds, self.stopped, self.asked)
            self.screen.end(lines, failures)
        super().close()

    @property
    def writes_to_stream(self) -> bool:
        """It takes the place of Snakemake's own output."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """Snakemake's own log file stays."""
        return False

    @property
    def has_filter(self) -> bool:
        """It chooses by itself."""
        return True

    @property
    def has_formatter(self) -> bool:
        """It formats by itself."""
        return True

    @property
    def needs_rulegraph(self) -> bool:
        """It does not."""
        return False
