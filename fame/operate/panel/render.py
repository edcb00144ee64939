"""The panel as rich draws it, and a failed job in a few lines."""

from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from fame.core.units import duration
from fame.operate.panel.progress import JobKey, Progress

SHOWN = 8
"""Running jobs that are listed; more are counted."""

LAST_LINES = 8
"""Lines shown of a failed job's log."""


def panel(state: Progress, now: float, since: float) -> RenderableType:
    """A line on the whole, a bar for each rule, and what runs.

    Args:
        state: of the workflow.
        now: seconds of a monotonic clock.
        since: when the workflow started, by the same clock.
    """
    return Group(
        Text(headline(state, now, since), style="bold"), _bars(state), _running(state, now)
    )


def headline(state: Progress, now: float, since: float) -> str:
    """Jobs done and failed, the time so far and the time left."""
    total, done, failed = (sum(c.values()) for c in (state.total, state.done, state.failed))
    words = [f"{done} of {total} jobs", f"{duration(now - since)} so far"]
    if failed:
        words.insert(1, f"{failed} failed")
    seconds, whole = state.left(now)
    if not whole:
        words.append(f"at least {duration(seconds)} left" if seconds else "time left unknown")
    elif done + failed < total:
        words.append(f"about {duration(seconds)} left")
    return ", ".join(words)


def _bars(state: Progress) -> Table:
    table = Table.grid(padding=(0, 1))
    for rule, total in state.total.items():
        done, failed = state.done[rule], state.failed[rule]
        count = f"{done}/{total}" + (f", {failed} failed" if failed else "")
        style = "red" if failed else "bar.complete"
        bar = ProgressBar(total=total, completed=done, width=24, complete_style=style)
        table.add_row(f"  {rule}", bar, count)
    return table


def _running(state: Progress, now: float) -> Table:
    table = Table.grid(padding=(0, 2))
    jobs = list(state.running.values())
    for job in jobs[:SHOWN]:
        expected = state.seconds(job.key)
        of = f" of about {duration(expected)}" if expected else ""
        table.add_row("  running", named(job.key), duration(max(0.1, now - job.since)) + of)
    if len(jobs) > SHOWN:
        table.add_row("", f"and {len(jobs) - SHOWN} more", "")
    return table


def named(key: JobKey) -> str:
    """A job in words, such as `linear of moco-r2plus1d-s0-1a2b3c4d on ucf101-w0`."""
    rule, wildcards = key
    own = dict(wildcards)
    about = own.pop("run", "") or own.pop("data", "") or " ".join(own.values())
    data = own.get("data", "")
    return rule + (f" of {about}" if about else "") + (f" on {data}" if data else "")


def failure(key: JobKey, logs: list[str], product: str | None, repeat: str) -> list[str]:
    """A failed job: the end of its log and the command that repeats it, without control characters.

    Args:
        key: of the job.
        logs: its log, first, and what is kept beside it.
        product: one of its files.
        repeat: the command that made the workflow, with `{}` where its targets stood.
    """
    lines = [f"failed: {named(key)}"]
    if logs and Path(logs[0]).is_file():
        text = Path(logs[0]).read_text(encoding="utf-8", errors="replace")
        ends = ["".join(filter(str.isprintable, one)) for one in text.splitlines()[-LAST_LINES:]]
        lines += [f"  {logs[0]} ends:", *(f"    {line}" for line in ends)]
    if product:
        lines.append(f"  repeat it: {repeat.replace('{}', product)}")
    return lines


def shown(lines: list[str]) -> Any:
    """Lines as rich prints them, not read as markup; the first is red."""
    return Group(Text(lines[0], style="bold red"), *(Text(line) for line in lines[1:]))
