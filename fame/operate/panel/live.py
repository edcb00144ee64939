"""The terminal's screen: a panel that is redrawn, and above it what must be seen."""

import logging
import time
from pathlib import Path
from typing import Any

from rich.console import Console, ConsoleOptions
from rich.live import Live
from rich.text import Text
from snakemake_interface_logger_plugins.common import LogEvent

from fame.operate.panel.progress import Progress
from fame.operate.panel.render import panel, shown

CHATTER = (
    *("Using shell", "Using workflow", "Config file", "Provided ", "Rules claiming", "Select jobs"),
    *("Conda environments", "host:", "Assuming ", "Removing output", "Finished job", "Singularity"),
    *("Shutting down", "Complete log", "Storing output", "Creating ", "Updating job", "Execute "),
)
"""Beginnings of what Snakemake says of itself at every start."""

STOPPING = ("Terminating processes", "Will exit after")
"""Beginnings of what it says when a user stops it; once is enough."""

BEGINNING = "Building DAG"
"""Begins the first that it says; then nothing is to be seen for some seconds."""


class LiveScreen:
    """Draws the panel on stderr.

    Args:
        state: of the workflow.
        lock: held while the state changes.
    """

    def __init__(self, state: Progress, lock: Any) -> None:
        self.console = Console(stderr=True, highlight=False)
        self.state, self.lock, self.since = state, lock, time.monotonic()
        self._live: Live | None = None
        self._said: set[str] = set()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Any:
        """The panel now; Live asks several times a second, also after a change of size."""
        with self.lock:
            yield panel(self.state, time.monotonic(), self.since, *reversed(console.size))

    def begin(self) -> None:
        """Draw the panel from now on; nothing is drawn for a workflow without jobs."""
        if self._live is None:
            self._live = Live(self, console=self.console, refresh_per_second=2)
            self._live.start()
            self.console.show_cursor(True)  # a kill must not leave it hidden

    def take(self, record: logging.LogRecord) -> None:
        """Print a sentence of Snakemake's, unless it is chatter."""
        text = str(record.msg or "").strip()
        quiet = record.levelno < logging.WARNING
        if getattr(record, "event", None) not in (None, LogEvent.ERROR):
            return  # the panel shows it
        if not text or text in self._said or (quiet and text.startswith(CHATTER)):
            return
        if text.startswith(STOPPING):
            self._said.add(text)
        elif text.startswith(BEGINNING):
            text = "finding out what is to be done"
        elif quiet and self._live is not None:
            return
        self.console.print(Text(text, style="" if quiet else "red"))

    def fail(self, lines: list[str]) -> None:
        """Print a failed job above the panel."""
        self.console.print(shown(lines))

    def finish(self, log: Path | None) -> None:
        """Print what a finished job notes in its log for the user."""
        for line in notes(log) if log else ():
            self.console.print(Text(line, style="yellow"))

    def end(self, lines: list[str], failures: list[list[str]]) -> None:
        """Take the panel down and leave the last lines; the failures stand above them."""
        if self._live is not None:
            self._live.transient = True
            self._live.stop()
            self._live = None
        if lines:
            self.console.print(shown(lines, "bold red" if failures else "bold"))


def notes(log: Path) -> list[str]:
    """The lines of a short log that begin with `note: `."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    return [line for line in text.splitlines() if line.startswith("note: ")]
