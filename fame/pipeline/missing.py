"""Why a result is not there: the first step towards it without a product, and its log."""

import re
from collections.abc import Collection
from pathlib import Path

from fame.config.scale import Scale
from fame.pipeline.experiments import Run
from fame.pipeline.steps import Step, Steps

LONGEST = 200
"""Characters of a log's line that are kept."""

TAIL = 65536
"""Bytes at a log's end that are searched."""

_ERROR = re.compile(r"fame: .+|(\w+\.)*\w*(Error|Exception|Interrupt|Exit|Killed)\b.*")
_RANK = re.compile(r"^\[rank\d+\]: ?")
_TORCHRUN = "ChildFailedError"
"""What torchrun adds below the error of the process that failed."""


def reason(
    scale: Scale,
    run: Run,
    dataset: str,
    task: str,
    results: Path,
    unmade: Collection[str] = frozenset(),
) -> str:
    """Why the result of a run is not there, on one line: what failed, and what its log says.

    Args:
        scale: that the run belongs to.
        run: the encoder.
        dataset: the key of the dataset that it is evaluated on.
        task: `linear`, `retrieval` or `finetune`.
        results: `results/<scale>/evaluate`.
        unmade: files that are to be taken as missing, whether or not they are there.
    """
    step = _first_failed(Steps(scale, results.parent).result(run, dataset, task), unmade)
    return f"{run.id}: {step.what} {log_outcome(step.log)}"


def failed(step: Step) -> bool:
    """Whether a job that lacks a product has ended in an error, as its log tells."""
    return _lacks(step, frozenset()) and log_outcome(step.log).startswith("failed: ")


def _first_failed(step: Step, unmade: Collection[str]) -> Step:
    """The step itself if it had all that it needs, else one before it that had: one that ran."""
    found = [_first_failed(before, unmade) for before in step.needs if _lacks(before, unmade)]
    return next((one for one in found if one.log.exists()), found[0]) if found else step


def _lacks(step: Step, unmade: Collection[str]) -> bool:
    return any(str(file) in unmade or not file.exists() for file in step.products)


def log_outcome(log: Path) -> str:
    """The outcome of a step without a product, from its log."""
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
