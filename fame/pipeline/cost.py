"""The cost of results: wall time and memory of every job, from Snakemake's benchmark files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from fame.config.scale import Scale
from fame.core.errors import FameError
from fame.pipeline.experiments import Cell
from fame.pipeline.steps import Steps

KINDS = ("pretrain", "features", "conditions", "finetune")
"""The rules whose jobs are counted: those with long jobs."""


@dataclass(frozen=True)
class Cost:
    """The jobs of one rule: their number, total hours, and the peak memory of any one (MiB)."""

    kind: str
    jobs: int
    hours: float
    peak_mib: float


def files_of(cells: Iterable[Cell], scale: Scale, results: Path) -> dict[str, set[Path]]:
    """The benchmark files of the jobs that some cells need, by rule; each job once.

    Args:
        cells: measured cells.
        scale: their scale.
        results: `results/<scale>`.
    """
    files: dict[str, set[Path]] = {kind: set() for kind in KINDS}
    steps = Steps(scale, results)
    for cell in cells:
        for run in cell.runs:
            for step in steps.result(run, cell.dataset, cell.task).every():
                if step.rule in files and step.benchmark is not None:
                    files[step.rule].add(step.benchmark)
    return files


def costs(
    files: Mapping[str, set[Path]], known: Mapping[Path, tuple[float, float]] | None = None
) -> list[Cost]:
    """The cost of each kind of job; absent files (jobs that have not run) are skipped.

    Args:
        files: benchmark files by kind.
        known: what `times` says of these files and maybe others; None to read them here.

    Raises:
        FameError: a benchmark file cannot be read.
    """
    known = times(files) if known is None else known
    totals = []
    for kind, paths in files.items():
        found = [known[path] for path in sorted(paths) if path in known]
        if found:
            seconds, peaks = zip(*found, strict=True)
            totals.append(Cost(kind, len(found), sum(seconds) / 3600, max(peaks)))
    return totals


def times(files: Mapping[str, set[Path]]) -> dict[Path, tuple[float, float]]:
    """Seconds and memory of each job that has run, by its benchmark file, each read once.

    Raises:
        FameError: a benchmark file cannot be read.
    """
    paths = {path for some in files.values() for path in some}
    return {path: timed(path) for path in sorted(paths) if path.is_file()}


def timed(path: Path) -> tuple[float, float]:
    """Seconds and peak resident memory in MiB of a job's last run."""
    try:
        row = pd.read_csv(path, sep="\t", na_values="-").iloc[-1]
        return float(row["s"]), float(row["max_rss"])
    except (ValueError, KeyError, IndexError) as error:
        raise FameError(f"{path}: not a benchmark file ({error}); delete it and rerun") from None
