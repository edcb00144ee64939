"""A failed job in a few lines: its error, its logs, and the command that makes it again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fame.operate.panel.asked import Asked
from fame.operate.panel.progress import JobKey
from fame.pipeline.missing import last_error, last_line

POINTLESS = "For further error details"
"""Begins the end of a cluster's message, which only says that there are logs."""


@dataclass(frozen=True)
class Failure:
    """A failed job.

    Attributes:
        what: the job in words.
        error: one line that says why.
        logs: its logs that exist, its own first.
        product: one of its files; None if it has none.
    """

    what: str
    error: str
    logs: tuple[str, ...]
    product: str | None

    def short(self, asked: Asked) -> list[str]:
        """The job, its error, and where its logs are."""
        logs = ", ".join(map(asked.seen, self.logs))
        lines = [f"failed: {self.what}", f"  {self.error}"]
        return lines + ([f"  log: {logs}"] if logs else [])

    def whole(self, asked: Asked) -> list[str]:
        """The same, with the command that makes this job alone."""
        alone = [f"  this job alone: {asked.one(self.product)}"] if self.product else []
        return self.short(asked) + alone


def failure_of(key: JobKey, told: Mapping[str, Any], more: Sequence[str] = ()) -> Failure:
    """A failed job from Snakemake's record.

    Args:
        key: of the job.
        told: what Snakemake knows of it: `log`, `output`, and `rule_msg`, a cluster's message.
        more: further logs.
    """
    listed = [*(told.get("log") or ()), *more]
    logs = tuple(path for path in listed if Path(path).is_file())
    message = str(told.get("rule_msg") or "").partition(POINTLESS)[0].strip()
    error = _error(Path(listed[0]) if listed else None, " ".join(message.split()))
    return Failure(named(key), error, logs, next(iter(told.get("output") or ()), None))


def failed_of(members: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The jobs of a failed group that are to blame: Snakemake reports all of its jobs as failed."""
    logs = [(Path(next(iter(one.get("log") or ()), "")), one) for one in members]
    blamed = [one for log, one in logs if last_error(log)]
    begun = [one for log, one in logs if last_line(log)]
    return blamed or begun[-1:] or list(members[:1])


def _error(log: Path | None, message: str) -> str:
    """The log's error, or the cluster's message, or that neither says anything."""
    error = last_error(log) if log else None
    known = " - ".join(filter(None, (error, message)))
    return known or "no error in its log, so it was stopped from outside (memory, time, kill)"


def named(key: JobKey) -> str:
    """A job in words, such as `linear of moco-r2plus1d-s0-1a2b3c4d on ucf101-w0`."""
    rule, wildcards = key
    own = dict(wildcards)
    about = own.pop("run", "") or own.pop("data", "") or " ".join(own.values())
    data = own.get("data", "")
    return rule + (f" of {about}" if about else "") + (f" on {data}" if data else "")
