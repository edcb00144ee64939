"""Why a result is missing: the first step without its products, and that step's log."""

import re
from collections.abc import Collection
from pathlib import Path

from fame.config.scale import Scale
from fame.pipeline.runs import Run
from fame.pipeline.steps import Step, Steps

LONGEST = 200
"""Length in characters to which a log's line is cut."""

TAIL = 65536
"""Bytes at the end of a log that are searched."""

_ERROR = re.compile(r"fame: .+|(\w+\.)*\w*(Error|Exception|Interrupt|Exit|Killed)\b.*")
_RANK = re.compile(r"^\[rank\d+\]: ?")
_TORCHRUN = "ChildFailedError"
"""A line that torchrun adds below the failed process's error."""


def reason(
    scale: Scale,
    run: Run,
    dataset: str,
    task: str,
    results: Path,
    unmade: Collection[str] = frozenset(),
) -> str:
    """Why a run's result is missing, on one line: which step failed, and what its log says.

    Args:
        scale: the run's scale.
        run: the encoder.
        dataset: the key of the dataset it is evaluated on.
        task: `linear`, `retrieval` or `finetune`.
        results: `results/<scale>/evaluate`.
        unmade: files to count as missing, whether or not they exist.
    """
    step = _first_failed(Steps(scale, results.parent).result(run, dataset, task), unmade)
    return f"{run.id}: {step.what} {log_outcome(step.log)}"


def failed(step: Step) -> bool:
    """Whether a job lacks a product and its log ends in an error."""
    return _lacks(step, frozenset()) and log_outcome(step.log).startswith("failed: ")


def _first_failed(step: Step, unmade: Collection[str]) -> Step:
    """The step itself if it had all its inputs, else an earlier step that had; one with a log."""
    causes = [_first_failed(before, unmade) for before in step.needs if _lacks(before, unmade)]
    return next((cause for cause in causes if cause.log.exists()), causes[0]) if causes else step


def _lacks(step: Step, unmade: Collection[str]) -> bool:
    return any(str(file) in unmade or not file.exists() for file in step.products)


def log_outcome(log: Path) -> str:
    """The outcome of a step that lacks a product, from its log."""
    lines = _lines(log)
    if lines is None:
        return "has not run"
    if not lines:
        return "did not finish; its log is empty"
    if error := last_error(log):
        return f"failed: {_short(error)}"
    return f"did not finish; its log ends: {_short(lines[-1])}"


def last_error(log: Path) -> str | None:
    """The last line of a log that tells an error, whole; None if there is none, or no log."""
    errors = [line for line in _lines(log) or [] if _ERROR.match(line) and _TORCHRUN not in line]
    return errors[-1].removeprefix("fame: ") if errors else None


def last_line(log: Path) -> str | None:
    """The last line of a log that is not blank; None if there is none, or no log."""
    lines = _lines(log)
    return lines[-1] if lines else None


def _lines(log: Path) -> list[str] | None:
    """The lines at the end of a log, without blank ones and control characters; None if absent."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return None
    lines = [_RANK.sub("", line).strip() for line in re.split(r"[\r\n]+", text)]
    return ["".join(filter(str.isprintable, line)) for line in lines if line]


def _short(line: str) -> str:
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
