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
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return "has not run"
    lines = [_RANK.sub("", line).strip() for line in re.split(r"[\r\n]+", text)]
    lines = ["".join(filter(str.isprintable, line)) for line in lines if line]
    if not lines:
        return "did not finish; its log is empty"
    errors = [line for line in lines if _ERROR.match(line) and _TORCHRUN not in line]
    if errors:
        return f"failed: {_short(errors[-1].removeprefix('fame: '))}"
    return f"did not finish; its log ends: {_short(lines[-1])}"


def _short(line: str) -> str:
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
