"""A plan as people read it on a terminal, and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from fame.core.units import duration, size
from fame.operate.plan.plan import Clock, JobRow, Plan

_UNKNOWN = "unknown"


def text(plan: Plan) -> str:
    """The whole plan."""
    left = plan.runs - plan.present
    head = [
        f"{plan.target} at scale {plan.scale}: {plan.runs} runs needed, {plan.present} present, "
        f"{left} to make",
        f"measured: {plan.measured}",
    ]
    parts = [head, _jobs(plan), _time(plan), _space(plan)]
    for title, sentences in (("missing", plan.missing), ("notes", plan.notes)):
        if sentences:
            parts.append([f"{title}:", *(f"  {sentence}" for sentence in sentences)])
    return "\n\n".join("\n".join(part) for part in parts)


def _jobs(plan: Plan) -> list[str]:
    gpus = any(row.gpus for row in plan.rows)
    table = [["job", "", "", "", "needed", "present", "videos", "each", "left"]]
    table[0] += ["GPU-hours"] if gpus else []
    for row in plan.rows:
        line = [row.rule, row.method, row.backbone, row.dataset, str(row.needed), str(row.present)]
        line += [
            f"{row.videos:,}" if row.videos else "",
            duration(row.each) + "*" * row.elsewhere if row.each != 0 else "",
            _left(row),
        ]
        line += [_gpu_hours(row)] if gpus else []
        table.append(line)
    return _aligned(table, left=4)


def _left(row: JobRow) -> str:
    if not row.to_do or row.each == 0:
        return "" if row.to_do else "-"
    return duration(None if row.hours is None else 3600 * row.hours)


def _gpu_hours(row: JobRow) -> str:
    if not row.gpus or not row.to_do:
        return ""
    return _UNKNOWN if row.hours is None else f"{row.hours * row.gpus:,.1f}"


def _aligned(table: Sequence[Sequence[str]], left: int) -> list[str]:
    """Columns side by side, the first `left` of them flush left."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    kept = [number for number, width in enumerate(widths) if width]
    return [
        "  ".join(
            line[n].ljust(widths[n]) if n < left else line[n].rjust(widths[n]) for n in kept
        ).rstrip()
        for line in table
    ]


def _time(plan: Plan) -> list[str]:
    least = "" if plan.complete else "at least "
    if not plan.complete and not plan.hours:
        return ["time: unknown"]
    lines = [f"time: {least}{duration(3600 * plan.hours)} of jobs, one after another"]
    if plan.gpu_hours:
        lines[0] += f"; {least}{plan.gpu_hours:,.1f} GPU-hours"
    return [*lines, *(f"  {_clock(clock)}" for clock in plan.clocks)]


def _clock(clock: Clock) -> str:
    """The time on the wall with so much hardware."""
    needs = f"{clock.cores} cores" if clock.cores > 1 else "1 core"
    if clock.gpus:
        needs += f", {clock.gpus} GPUs" if clock.gpus > 1 else ", 1 GPU"
    jobs = "1 job" if clock.jobs == 1 else f"{clock.jobs} jobs"
    return f"{duration(3600 * clock.hours)} with {jobs} at a time ({needs})"


def _space(plan: Plan) -> list[str]:
    known = sum(space.size or 0 for space in plan.disk)
    least = "at least " if any(space.size is None for space in plan.disk) else ""
    lines = [f"disk: {least}{size(known)} more, {size(plan.free)} are free"]
    lines += [
        f"  {space.name:<14}{size(space.size):>10}  {space.note}"
        for space in plan.disk
        if space.size != 0
    ]
    memory = plan.memory
    said = f"memory: {size(memory.claimed * 2**20)} a job as the rules claim"
    said += f", {plan.at_a_time} at a time" if plan.at_a_time > 1 else ""
    said += f"; {size(memory.host * 2**20)} at most were measured" if memory.host else ""
    said += f", {size(memory.device * 2**20)} of a GPU" if memory.device else ""
    return [*lines, said]


def as_json(plan: Plan) -> dict[str, Any]:
    """The same as plain data; hours that are unknown are null."""
    rows = [
        asdict(row) | {"hours": row.hours, "gpu_hours": _product(row.hours, row.gpus)}
        for row in plan.rows
    ]
    content = asdict(plan) | {"rows": rows}
    totals = {"hours": plan.hours, "gpu_hours": plan.gpu_hours, "complete": plan.complete}
    return content | totals


def _product(hours: float | None, gpus: int) -> float | None:
    return None if hours is None else hours * gpus
