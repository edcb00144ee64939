"""The panel as rich draws it, in the height that there is; and the last lines of a workflow."""

from typing import Any

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from fame.core.units import duration
from fame.operate.panel.asked import Asked
from fame.operate.panel.failure import named
from fame.operate.panel.progress import Progress, Running

SHOWN = 8
"""Running jobs that are listed; more are counted."""

WIDTH = 24
"""Of a bar, in characters."""

BEGIN = "  running  "
"""Begins the line of a running job."""


def panel(state: Progress, now: float, since: float, height: int, width: int) -> RenderableType:
    """A line on the whole, a bar for each rule, and what runs.

    In a low terminal fewer jobs are listed, and bars only of the rules that matter now.

    Args:
        state: of the workflow.
        now: seconds of a monotonic clock.
        since: when the workflow started, by the same clock.
        height: lines that it may take.
        width: characters of a line.
    """
    jobs = min(len(state.running), SHOWN, max(1, height // 3))
    counted = len(state.running) > jobs
    bars = max(1, height - 2 - jobs - counted)  # the headline may take two lines
    head = Text(headline(state, now, since), style="bold")
    return Group(head, _bars(state, bars), _running(state, now, jobs, width))


def headline(state: Progress, now: float, since: float) -> str:
    """Jobs done and failed, the time so far and the time left."""
    total, done, failed = state.counts()
    words = [f"{done} of {total} jobs", f"{duration(now - since)} so far"]
    if failed:
        words.insert(1, f"{failed} failed")
    seconds, whole = state.left(now)
    if not whole:
        words.append(f"at least {duration(seconds)} left" if seconds else "time left unknown")
    elif done + failed < total:
        words.append(f"about {duration(seconds)} left")
    return ", ".join(words)


def ending(state: Progress, seconds: float, stopped: bool, asked: Asked) -> list[str]:
    """The last lines: what was done, and how to go on.

    Args:
        state: of the workflow.
        seconds: that it took.
        stopped: whether the user stopped it.
        asked: the user's command.
    """
    total, done, failed = state.counts()
    if done >= total and not failed:
        return [f"done: {done} {'job' if done == 1 else 'jobs'} in {duration(seconds)}"]
    words = [f"{done} of {total} jobs are done"]
    words += [f"{failed} failed"] if failed else []
    words += [f"{total - done - failed} did not run to their end"] if total > done + failed else []
    head = "stopped" if stopped else "not finished"
    go_on = "go on" if stopped else "go on when that is mended"
    return [f"{head} after {duration(seconds)}: {', '.join(words)}", f"{go_on}: {asked.again}"]


def _bars(state: Progress, lines: int) -> Table:
    """At most so many lines; what is at work comes before what waits, and that before the rest."""
    running = {job.key[0] for job in state.running.values()}

    def rank(rule: str) -> int:
        if rule in running or state.failed[rule]:
            return 0
        return 1 if state.done[rule] < state.total[rule] else 2

    rules = list(state.total)
    kept = rules if len(rules) <= lines else sorted(rules, key=rank)[: lines - 1]
    table = Table.grid(padding=(0, 1))
    for rule in (rule for rule in rules if rule in kept):
        done, total, failed = state.done[rule], state.total[rule], state.failed[rule]
        count = f"{done}/{total}" + (f", {failed} failed" if failed else "")
        style = "red" if failed else "bar.complete"
        bar = ProgressBar(total=total, completed=done, width=WIDTH, complete_style=style)
        table.add_row(Text(f"  {rule}", no_wrap=True), bar, Text(count, no_wrap=True))
    if len(kept) < len(rules):
        table.add_row(Text(f"  and {len(rules) - len(kept)} more", no_wrap=True), "", "")
    return table


def _running(state: Progress, now: float, lines: int, width: int) -> RenderableType:
    """A line a job, names cut so that the times are seen."""
    jobs = list(state.running.values())
    names = [named(job.key) for job in jobs[:lines]]
    times = [_time(state, job, now) for job in jobs[:lines]]
    room = width - len(BEGIN) - 2 - max(map(len, times), default=0)
    longest = max(1, min(room, max(map(len, names), default=0)))
    rows = [
        f"{BEGIN}{_cut(name, longest):{longest}}  {time}"
        for name, time in zip(names, times, strict=True)
    ]
    rows += [f"{'':{len(BEGIN)}}and {len(jobs) - lines} more"] if len(jobs) > lines else []
    return Group(*(Text(row, no_wrap=True, overflow="ellipsis") for row in rows))


def _time(state: Progress, job: Running, now: float) -> str:
    expected = state.seconds(job.key)
    of = f" of about {duration(expected)}" if expected else ""
    return duration(max(0.1, now - job.since)) + of


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def shown(lines: list[str], style: str = "bold red") -> Any:
    """Lines as rich prints them, not read as markup; the first has a style."""
    return Group(Text(lines[0], style=style), *(Text(line) for line in lines[1:]))
