"""What the results cost: wall time and memory of every job, from Snakemake's benchmark files."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from fame.config.scale import Scale
from fame.core.errors import FameError
from fame.pipeline.experiments import Cell, Run, data_id

KINDS = {"pretrain": "pretraining", "features": "extraction", "finetune": "finetuning"}
"""The jobs that are timed, by their benchmark file, and what they are called."""


@dataclass(frozen=True)
class Cost:
    """Jobs of one kind: how many, their hours in all, and the most memory that one took (MiB)."""

    kind: str
    jobs: int
    hours: float
    peak_mib: float


def files_of(cells: Iterable[Cell], scale: Scale, results: Path) -> dict[str, set[Path]]:
    """The benchmark files behind some cells, by kind; each job once.

    Args:
        cells: measured cells.
        scale: their scale.
        results: `results/<scale>`.
    """
    found: dict[str, set[Path]] = {kind: set() for kind in KINDS}
    for cell in cells:
        for run in cell.runs:
            found["pretrain"].add(results / "pretrain" / run.id / "benchmark.tsv")
            kind = "finetune" if cell.task == "finetune" else "features"
            found[kind].add(_evaluation(results, scale, run, cell.dataset, kind))
    return found


def _evaluation(results: Path, scale: Scale, run: Run, dataset: str, kind: str) -> Path:
    folder = results / "evaluate" / run.id / data_id(scale, dataset, run.seed)
    return folder / f"{kind}.benchmark.tsv"


def costs(files: dict[str, set[Path]]) -> list[Cost]:
    """The cost of each kind of job; files that are absent (not yet run) are left out.

    Raises:
        FameError: a benchmark file cannot be read.
    """
    found = []
    for kind, paths in files.items():
        times = [timed(path) for path in sorted(paths) if path.is_file()]
        if times:
            seconds, peaks = zip(*times, strict=True)
            found.append(Cost(KINDS[kind], len(times), sum(seconds) / 3600, max(peaks)))
    return found


def timed(path: Path) -> tuple[float, float]:
    """Seconds and peak resident memory in MiB of a job's last run."""
    try:
        row = pd.read_csv(path, sep="\t", na_values="-").iloc[-1]
        return float(row["s"]), float(row["max_rss"])
    except (ValueError, KeyError, IndexError) as error:
        raise FameError(f"{path}: not a benchmark file ({error}); delete it and rerun") from None
