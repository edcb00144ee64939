"""Measured cells with a value for each seed, and their paired differences to plain MoCo."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from fame.config.claims import Place
from fame.config.scale import Scale
from fame.evaluate.metrics.spread import half_width
from fame.evaluate.results import read_result
from fame.pipeline.experiments import Cell, Experiments, result_file
from fame.pipeline.paths import Places
from fame.pipeline.runs import Run, data_id
from fame.report.page.chance import of_retrieval
from fame.report.tables.build import measure


@dataclass(frozen=True)
class Gap:
    """Paired differences of two cells, in points.

    Attributes:
        values: by seed, where both are defined; at least one.
    """

    values: Mapping[int, float]

    @property
    def mean(self) -> float:
        """Over the seeds."""
        return fmean(self.values.values())

    @property
    def text(self) -> str:
        """The mean, with the standard deviation if there are several seeds."""
        numbers = list(self.values.values())
        spread = f" ± {stdev(numbers):.1f}" if len(numbers) > 1 else ""
        return f"{self.mean:+.1f}{spread}"

    @property
    def interval(self) -> tuple[float, float] | None:
        """Student's 95 % interval of the mean; None for a single seed."""
        if len(self.values) < 2:
            return None
        half = half_width(list(self.values.values()))
        return self.mean - half, self.mean + half


@dataclass(frozen=True)
class Seeds:
    """A measured cell.

    Attributes:
        place: where it stands.
        values: by run, in percent; NaN where it is undefined.
        chance: what a guess reaches, in percent, the mean over seeds; None if no file says.
    """

    place: Place
    cell: Cell
    values: Mapping[str, float]
    chance: float | None = None

    @property
    def run(self) -> Run:
        """Its first run, which has the recipe of all."""
        return self.cell.runs[0]

    @property
    def defined(self) -> dict[int, float]:
        """The defined values by seed."""
        runs = zip(self.cell.runs, self.values.values(), strict=True)
        return {run.seed: value for run, value in runs if math.isfinite(value)}

    @property
    def what(self) -> tuple[str, str, str]:
        """The task, the dataset and the metric: cells that agree in them can be compared."""
        return self.cell.task, self.cell.dataset, self.cell.metric


def measured(experiments: Experiments, results: Path) -> dict[Place, Seeds]:
    """Every measured cell of the tables.

    Args:
        experiments: a scale and its tables.
        results: `results/<scale>`.

    Raises:
        FameError: a result is missing or unusable.
    """
    names = sorted(experiments.tables)
    return {
        one.place: one
        for name in names
        for one in (
            _seeds(experiments.scale, name, cell, results) for cell in experiments.cells([name])
        )
    }


def _seeds(scale: Scale, table: str, cell: Cell, results: Path) -> Seeds:
    places = Places(results)
    found = measure(cell, places.evaluations, scale)
    guesses = [_chance(scale, cell, run, places) for run in cell.runs]
    known = [guess for guess in guesses if guess is not None]
    chance = fmean(known) if len(known) == len(guesses) else None
    values = dict(zip(found.runs, found.values, strict=True))
    return Seeds(Place(table, cell.row, cell.column), cell, values, chance)


def _chance(scale: Scale, cell: Cell, run: Run, places: Places) -> float | None:
    """What a guess reaches: as the result says, or computed from the videos of a retrieval."""
    result = read_result(places.evaluations / result_file(scale, run, cell.dataset, cell.task))
    details: dict[str, Any] = result["details"]
    if cell.metric == "top1" and "chance" in details:
        return float(details["chance"])
    if cell.task == "retrieval":
        manifest = places.manifest(data_id(scale, cell.dataset, run.seed))
        return of_retrieval(manifest, cell.metric, details)
    return None
