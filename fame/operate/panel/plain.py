"""The screen of files and pipes: Snakemake's own lines, and at the end the failures again."""

import logging
import sys
from pathlib import Path
from typing import Any

from snakemake.logging import ColorizingTextHandler, DefaultFilter, DefaultFormatter

SHOWN = 10
"""Failures that the end repeats; more are counted."""


class PlainScreen:
    """Writes lines to stderr (with Snakemake's `--stdout`, to stdout), as Snakemake does.

    Args:
        settings: Snakemake's, of its output.
    """

    def __init__(self, settings: Any) -> None:
        self.stream = sys.stdout if settings.stdout else sys.stderr
        self._own = ColorizingTextHandler(
            nocolor=settings.nocolor,
            stream=self.stream,
            formatter=DefaultFormatter(settings.quiet, settings.show_failed_logs),
            filter=DefaultFilter(
                *(settings.quiet, settings.debug_dag, settings.verbose),
                *(settings.dryrun, settings.printshellcmds),
            ),
        )

    def begin(self) -> None:
        """Nothing is drawn."""

    def take(self, record: logging.LogRecord) -> None:
        """Write a record of Snakemake's."""
        self._own.handle(record)

    def fail(self, lines: list[str]) -> None:
        """Write a failed job."""
        self._write(lines)

    def finish(self, log: Path | None) -> None:
        """Nothing: what a finished job says to the user, it has written here itself."""

    def end(self, lines: list[str], failures: list[list[str]]) -> None:
        """Write the failures again, since much may stand between, and how to go on."""
        more = len(failures) - SHOWN
        again = [line for one in failures[:SHOWN] for line in one]
        again += [f"and {more} more failed"] if more > 0 else []
        if again or lines:
            self._write(["", *again, *lines])

    def _write(self, lines: list[str]) -> None:
        self.stream.write("".join(f"{line}\n" for line in lines))
        self.stream.flush()
