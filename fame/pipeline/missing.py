"""Why a result is not there: the first step towards it without a product, and its log."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from fame.config.normalisation import needed
from fame.config.scale import Scale
from fame.pipeline.experiments import Run, data_id, result_file, split_data_id

LONGEST = 200
"""Characters of a log's line that are kept."""

TAIL = 65536
"""Bytes at a log's end that are searched."""

_ERROR = re.compile(r"fame: .+|(\w+\.)*\w*(Error|Exception|Interrupt|Exit|Killed)\b.*")
_RANK = re.compile(r"^\[rank\d+\]: ?")
_TORCHRUN = "ChildFailedError"
"""What torchrun adds below the error of the process that failed."""


@dataclass(frozen=True)
class Step:
    """One job of the workflow, as its files show it.

    Attributes:
        what: for a reader, with the data if it is about some.
        products: of which none may be missing.
        log: what the job printed; empty or not there if all went well or it has not run.
        needs: the steps before it.
    """

    what: str
    products: tuple[Path, ...]
    log: Path
    needs: tuple["Step", ...] = ()


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
    step = _first_failed(_task(scale, run, dataset, task, results), unmade)
    return f"{run.id}: {step.what} {log_outcome(step.log)}"


def steps_of(scale: Scale, run: Run, dataset: str, task: str, results: Path) -> list[Step]:
    """All jobs behind a result, its own last; arguments as for `reason`."""
    every: list[Step] = []

    def collect(step: Step) -> None:
        for before in step.needs:
            collect(before)
        if step not in every:
            every.append(step)

    collect(_task(scale, run, dataset, task, results))
    return every


def failed(step: Step) -> bool:
    """Whether a job that lacks a product has ended in an error, as its log tells."""
    return _lacks(step, frozenset()) and log_outcome(step.log).startswith("failed: ")


def _first_failed(step: Step, unmade: Collection[str]) -> Step:
    """The step itself if it had all that it needs, else one before it that had: one that ran."""
    found = [_first_failed(before, unmade) for before in step.needs if _lacks(before, unmade)]
    return next((one for one in found if one.log.exists()), found[0]) if found else step


def _lacks(step: Step, unmade: Collection[str]) -> bool:
    return any(str(file) in unmade or not file.exists() for file in step.products)


def _task(scale: Scale, run: Run, dataset: str, task: str, results: Path) -> Step:
    data = data_id(scale, dataset, run.seed)
    product = results / result_file(scale, run, dataset, task)
    root = results.parent
    encoder, manifest = _pretraining(scale, run, root), _index(scale, data, root)
    needs: tuple[Step, ...] = (encoder, manifest)
    if task != "finetune":
        files = tuple(product.with_name(f"features-{colours}.npz") for colours in needed(scale))
        log = product.with_name("features.log")
        needs = (Step(f"features of {data}", files, log, needs),)
    return Step(f"{task} on {data}", (product,), product.with_suffix(".log"), needs)


def _pretraining(scale: Scale, run: Run, root: Path) -> Step:
    data, folder = run.data_id(scale), root / "pretrain" / run.id
    needs = (_index(scale, data, root),) if data else ()
    product = folder / "encoder.safetensors"
    return Step("pretraining", (product,), folder / "log.txt", needs)


def _index(scale: Scale, data: str, root: Path) -> Step:
    folder = root / "data" / data
    needs: tuple[Step, ...] = ()
    if split_data_id(scale, data)[1] is not None:
        needs = (Step(f"world of {data}", (folder / "world",), folder / "world.log"),)
    else:
        needs = (Step(f"source of {data}", (folder / "source.json",), folder / "source.log"),)
    return Step(f"index of {data}", (folder / "manifest.parquet",), folder / "index.log", needs)


def log_outcome(log: Path) -> str:
    """What became of a step without a product, as its log tells."""
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
