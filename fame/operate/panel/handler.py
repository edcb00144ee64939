"""Snakemake's log handler that draws the panel; found as the plugin `fame`."""

import logging
import os
import threading
import time
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.text import Text
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from fame.operate.panel.progress import Cost, JobKey, Progress
from fame.operate.panel.render import failure, headline, panel, shown

REPEAT = "FAME_REPEAT"
"""Set by `fame run`: its command, with `{}` where targets stand."""

CHATTER = (
    *("Building DAG", "Using shell", "Provided ", "Rules claiming", "Select jobs", "Execute "),
    *("Conda environments", "host:", "Assuming ", "Removing output", "Finished job", "Singularity"),
    *("Shutting down", "Complete log", "Storing output", "Creating ", "Updating job"),
)
"""Beginnings of what Snakemake says of itself at every start."""

ACTIVE: "list[LogHandler]" = []
"""The panel of this process, if there is one."""


class LogHandler(LogHandlerBase):
    """Draws the panel on stderr and prints above it what the user must see."""

    def __post_init__(self) -> None:
        """Wait for the first job; nothing is drawn for a workflow that has none."""
        self.console = Console(stderr=True, highlight=False)
        self.state, self.since = Progress(), time.monotonic()
        self._lock, self._live = threading.RLock(), None
        ACTIVE[:] = [self]

    _live: Live | None

    def expect(self, costs: dict[JobKey, Cost]) -> None:
        """What the jobs take, told when the workflow starts."""
        with self._lock:
            self.state.costs = costs

    def __rich__(self) -> Any:
        """The panel now; Live asks several times a second."""
        with self._lock:
            return panel(self.state, time.monotonic(), self.since)

    def emit(self, record: logging.LogRecord) -> None:
        """Draw one event; called by one thread."""
        try:
            with self._lock:
                self._take(record)
        except Exception:
            self.handleError(record)

    def _take(self, record: logging.LogRecord) -> None:
        event, told = getattr(record, "event", None), record.__dict__
        if event == LogEvent.RUN_INFO:
            self._begin(told.get("stats") or {})
        elif event == LogEvent.JOB_INFO:
            number, rule = told["jobid"], told["rule_name"]
            self.state.announce(number, rule, told["wildcards"] or {}, time.monotonic())
        elif event == LogEvent.JOB_FINISHED:
            self.state.finish(told["job_id"], time.monotonic())
        elif event == LogEvent.JOB_ERROR:
            self._failed(told)
        elif event is None or event == LogEvent.ERROR:
            self._said(record)

    def _begin(self, stats: dict[str, int]) -> None:
        """The jobs by rule; the last of these events, at the end, changes nothing."""
        if self._live is None:
            self.state.total.update({k: v for k, v in stats.items() if k != "total"})
            self._live = Live(self, console=self.console, refresh_per_second=2)
            self._live.start()
            self.console.show_cursor(True)  # a kill must not leave it hidden

    def _failed(self, told: dict[str, Any]) -> None:
        key = self.state.known.get(told["jobid"])
        if key is not None and self.state.fail(told["jobid"]):
            product = next(iter(told.get("output") or ()), None)
            repeat = os.environ.get(REPEAT, "fame run {}")
            self.console.print(shown(failure(key, list(told.get("log") or ()), product, repeat)))

    def _said(self, record: logging.LogRecord) -> None:
        """Print a sentence of Snakemake's, unless it repeats a failure or is chatter."""
        text = str(record.msg or "").strip()
        repeated = getattr(record, "exception", "") in {"RuleException", "CalledProcessError"}
        if not text or repeated or "returned non-zero exit status" in text:
            return
        quiet = record.levelno < logging.WARNING
        if not (quiet and (self._live is not None or text.startswith(CHATTER))):
            self.console.print(Text(text, style="" if quiet else "red"))

    def close(self) -> None:
        """Take the panel down and leave one line."""
        live, self._live = self._live, None
        if live is not None:
            live.transient = True
            live.stop()
            self.console.print(Text(headline(self.state, time.monotonic(), self.since)))
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
