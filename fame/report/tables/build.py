"""Tables of the paper with measured numbers: gathered from results, then written.

Published and measured numbers never share a column, and every row names its scale.
"""

import math
import shlex
import statistics
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from fame.config.reading import SCALES
from fame.config.scale import Scale
from fame.config.tables import Row, Table
from fame.core.errors import FameError
from fame.core.files import replacing
from fame.core.registry import declared
from fame.pipeline.experiments import Cell, Experiments, measurable, result_file
from fame.pipeline.missing import reason
from fame.pipeline.runs import Run
from fame.pipeline.tasks import TASKS, settings_of
from fame.report.tables.html import html
from fame.report.tables.latex import latex
from fame.report.tables.markdown import BEST_ON_TEST, markdown

DECIMALS = 4
"""Of the numbers in a CSV; Markdown and LaTeX show one."""

SUFFIXES = (".csv", ".md", ".tex")
"""The files of a published table."""


@dataclass(frozen=True)
class Measurement:
    """One measured cell, over one run for each seed.

    Attributes:
        mean: of the defined `values`, in the metric's unit (percent); NaN if there are none.
        std: their sample standard deviation (n - 1 in the denominator); None for a single one.
        values: one for each run, in the order of the scale's seeds; NaN where it is undefined.
        runs: their ids.
    """

    mean: float
    std: float | None
    values: tuple[float, ...]
    runs: tuple[str, ...]

    @property
    def n(self) -> int:
        """The number of runs with a defined value."""
        return sum(map(math.isfinite, self.values))


def measure(cell: Cell, results: Path, scale: Scale) -> Measurement:
    """Mean and spread of a cell over its runs.

    Args:
        cell: as `Experiments.cells` gives it.
        results: the folder that holds `<run>/<data>/<task>.json`, which is
            `results/<scale>/evaluate`.
        scale: the scale that the cell belongs to.

    Raises:
        FameError: a result is missing, belongs to another run or lacks the metric.
    """
    return _over({run.id: _value(cell, run, results, scale) for run in cell.runs})


def _over(values: dict[str, float]) -> Measurement:
    """The measurement of some values, by run id; there is at least one."""
    numbers = [value for value in values.values() if math.isfinite(value)]
    mean = statistics.fmean(numbers) if numbers else math.nan
    std = statistics.stdev(numbers) if len(numbers) > 1 else None
    return Measurement(mean, std, tuple(values.values()), tuple(values))


@dataclass(frozen=True)
class CellResult:
    """A cell's measurement, and why runs are missing if some are.

    Attributes:
        measurement: over the finished runs; None if there are none.
        missing: a sentence; empty if all runs are there.
    """

    cell: Cell
    measurement: Measurement | None
    missing: str = ""


def gather(cell: Cell, results: Path, scale: Scale, unmade: Collection[str]) -> CellResult:
    """The result of a cell of which some runs may have failed.

    Args:
        cell: as for `measure`.
        results: as for `measure`.
        scale: as for `measure`.
        unmade: files that count as missing even if they exist: outdated ones that should have
            been made again.
    """
    values: dict[str, float] = {}
    lacking: list[str] = []
    for run in cell.runs:
        path = results / result_file(scale, run, cell.dataset, cell.task)
        if str(path) in unmade or not path.is_file():
            lacking.append(reason(scale, run, cell.dataset, cell.task, results, unmade))
            continue
        try:
            values[run.id] = _value(cell, run, results, scale)
        except FameError as error:
            lacking.append(str(error))
    count = "" if len(cell.runs) == 1 else f" {len(lacking)} of {len(cell.runs)} runs"
    sentence = f"missing{count}: {'; '.join(lacking)}" if lacking else ""
    return CellResult(cell, _over(values) if values else None, sentence)


def _value(cell: Cell, run: Run, results: Path, scale: Scale) -> float:
    from fame.evaluate.results import read_result

    path = results / result_file(scale, run, cell.dataset, cell.task)
    if not path.is_file():
        raise FameError(f"{path}: no such result; make it with `{_command(path, scale)}`")
    result = read_result(path)
    if result["run"] != run.id:
        raise FameError(f"{path}: holds a result of the run {result['run']!r}; delete it and redo")
    if cell.metric not in result["metrics"]:
        if cell.metric in TASKS[cell.task].undefinable:
            return math.nan
        known = ", ".join(result["metrics"])
        raise FameError(
            f"{path}: lacks the metric {cell.metric!r} (has: {known}); correct the table's column, "
            "or make the result again if the scale has changed since"
        )
    return float(result["metrics"][cell.metric])


def _command(path: Path, scale: Scale) -> str:
    """The command that makes a result; a scale outside config/scales is named by its path."""
    own = not (SCALES / f"{scale.name}.yaml").is_file()
    choice = f"<path of {scale.name}>" if own else scale.name
    target, where = str(path), ""
    *_, results, place = path.absolute().parents[:6]
    if results.name == "results":
        # The workflow's targets are relative to the folder that contains `results`.
        target = str(path.absolute().relative_to(place))
        where = "" if place == Path.cwd() else f" --directory {shlex.quote(str(place))}"
    return f"snakemake --cores all {target} --config scale={choice}{where}"


def build(
    experiments: Experiments,
    name: str,
    results: Path,
    *,
    partial: bool = False,
    unmade: Collection[str] = frozenset(),
) -> pd.DataFrame:
    """A table with one row for each row of its file.

    The columns are those of the file's `show`, as published (text), and `task`; for every
    measured column `c` the numbers `c_published`, `c_measured` (mean), `c_std` and `c_n`; and
    the texts `scale` (on every row), `comparable` (`yes`, or `no:` and the reason; empty if
    nothing was measured), `measured_on` (backbone, pretraining data, frames and size that were
    used, the learning rate of a method with its own, the protocol of a method that has several, and
    which classes have no training video),
    `negatives` (as declared by the method), `epoch` (the one reported, of a trained classifier),
    `runs` (ids) and `not_measured_because`. A partial table also has the text `c_missing`: which
    runs of a cell are missing and why, empty if none is. Its `c_measured`, `c_std` and `c_n` are
    over the finished runs.

    Args:
        experiments: a scale and its tables.
        name: of the table.
        results: as for `measure`.
        partial: whether results may be missing.
        unmade: of a partial table, as for `gather`.

    Raises:
        FameError: an unknown table, or, if it is not partial, as `measure` does.
    """
    table, scale = experiments.table(name), experiments.scale
    by_row: list[dict[str, CellResult]] = [{} for _ in table.rows]
    for cell in experiments.cells([name]):
        by_row[cell.row][cell.column] = (
            gather(cell, results, scale, unmade)
            if partial
            else CellResult(cell, measure(cell, results, scale))
        )
    rows = zip(table.rows, by_row, strict=True)
    frame = _typed(pd.DataFrame([_row(table, scale, results, *row) for row in rows]), table)
    return frame if partial else frame.drop(columns=[f"{c}_missing" for c in table.columns])


def _typed(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The frame with numbers as numbers, also where a column is empty."""
    for column in table.columns:
        numbers = [f"{column}_{kind}" for kind in ("published", "measured", "std")]
        frame[numbers] = frame[numbers].astype("float64")
        frame[f"{column}_n"] = frame[f"{column}_n"].astype("Int64")
    return frame


def _row(
    table: Table, scale: Scale, results: Path, row: Row, cells: dict[str, CellResult]
) -> dict[str, Any]:
    """One row of `build`; `cells` is by column."""
    content: dict[str, Any] = {key: _text(row.show.get(key)) for key in table.show}
    content["task"] = ", ".join(table.tasks(row))
    for column in table.columns:
        measurement = cells[column].measurement if column in cells else None
        content[f"{column}_published"] = row.published.get(column)
        content[f"{column}_measured"] = measurement.mean if measurement else None
        content[f"{column}_std"] = measurement.std if measurement else None
        content[f"{column}_n"] = (measurement.n or None) if measurement else None
        content[f"{column}_missing"] = cells[column].missing if column in cells else ""
    content["scale"] = scale.name
    measured = [one for one in cells.values() if one.measurement]
    content |= _provenance(scale, measured, results)
    reasons = [_reason(scale, table, row), *_undefined(table, cells)]
    content["not_measured_because"] = "; ".join(filter(None, reasons))
    return content


def _provenance(scale: Scale, measured: list[CellResult], results: Path) -> dict[str, str]:
    """How a row was measured; empty texts if it was not."""
    if not measured:
        return dict.fromkeys(("comparable", "measured_on", "negatives", "epoch", "runs"), "")
    cell = measured[0].cell
    first = cell.runs[0]
    runs = dict.fromkeys(run for one in measured if one.measurement for run in one.measurement.runs)
    return {
        "comparable": "yes" if scale.comparable else f"no: {scale.note}",
        "measured_on": "; ".join(
            [_measured_on(scale, first), *_untrained(scale, measured, results)]
        ),
        "negatives": _negatives(first),
        "epoch": _epochs(scale, measured),
        "runs": " ".join(runs),
    }


def _measured_on(scale: Scale, run: Run) -> str:
    backbone = scale.backbones[run.backbone]
    data = f"pretrained on {scale.datasets[run.pretrain].title}" if run.pretrain else "untrained"
    if run.source is not None:
        data = f"encoder {run.weights}"
    parts = [backbone.title, data, f"{backbone.frames} frames of {backbone.size} px"]
    if run.source is None and declared("fame.pretext", run.method, "RECONSTRUCTION", False):
        parts.append("a reconstruction of the method")
    if run.pretrain and run.method in scale.pretrain.rates:
        parts.append(f"learning rate {scale.pretrain.rates[run.method]:g}")
    protocol = run.recipe.get("pretrain", {}).get("options", {}).get("protocol")
    return ", ".join([*parts, *([f"protocol {protocol}"] if protocol else [])])


def _untrained(scale: Scale, measured: list[CellResult], results: Path) -> list[str]:
    """A sentence for each dataset with classes that have test videos but no training video."""
    from fame.evaluate.results import read_result

    untrained: dict[str, dict[str, None]] = {}
    for one in measured:
        cell, done = one.cell, one.measurement.runs if one.measurement else ()
        for run in (run for run in cell.runs if run.id in done):
            result = read_result(results / result_file(scale, run, cell.dataset, cell.task))
            classes = result["details"].get("untrained", [])
            untrained.setdefault(cell.dataset, {}).update(dict.fromkeys(classes))
    return [
        f"all test videos of {', '.join(classes)} count as wrong, since "
        f"{scale.datasets[name].title} has no training video of them"
        for name, classes in untrained.items()
        if classes
    ]


def _negatives(run: Run) -> str:
    """What a run contrasts with, as its method's file declares it; empty for most methods."""
    if run.pretrain is None or run.source is not None:
        return ""
    section = declared("fame.pretext", run.method, "NEGATIVES", None)
    if section is None:
        return ""
    training = run.recipe["pretrain"]
    queue = training["methods"][section]["queue"][run.pretrain]
    more = declared("fame.pretext", run.method, "MORE_NEGATIVES", {})
    own = [texts.get(training["options"].get(option)) for option, texts in more.items()]
    return " and ".join([f"queue of {queue}" if queue else "in-batch", *filter(None, own)])


def _epochs(scale: Scale, measured: list[CellResult]) -> str:
    """Which epochs of classifiers a row's numbers are of; empty if none was trained."""
    epochs = (_epoch(scale, one.cell.task) for one in measured)
    return ", ".join(dict.fromkeys(filter(None, epochs)))


def _epoch(scale: Scale, task: str) -> str:
    """Which epoch of the classifier a number is of; empty for a task that trains none."""
    report = settings_of(scale, task).get("report")
    if report is None:
        return ""
    return BEST_ON_TEST if report == "best-on-test" else "last"


def _reason(scale: Scale, table: Table, row: Row) -> str:
    """Why a row's cells are not measured; names the columns unless all share one reason."""
    reasons = {c.title: measurable(scale, row, c) for c in table.columns.values()}
    if len(set(reasons.values())) == 1:
        return next(iter(reasons.values())) or ""
    return "; ".join(f"{title}: {reason}" for title, reason in reasons.items() if reason)


def _undefined(table: Table, cells: dict[str, CellResult]) -> list[str]:
    """How many of a row's values are undefined, by column."""
    measured = [(key, one.measurement) for key, one in cells.items() if one.measurement]
    return [
        f"{table.columns[key].title}: undefined in {len(one.values) - one.n} of {len(one.values)} "
        "runs"
        for key, one in measured
        if one.n < len(one.values)
    ]


def _text(value: Any) -> str:
    """A shown value as text: yes or no for a truth value, empty for nothing."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def write(frame: pd.DataFrame, experiments: Experiments, name: str, out: Path) -> None:
    """Write a built table as CSV, and as Markdown, LaTeX (booktabs) and HTML beside it.

    Args:
        frame: from `build`.
        experiments: what it was built from.
        name: of the table.
        out: the `.csv`, for programs; `.md` and `.tex` are for readers and papers, `.html` is
            for `snakemake --report`.

    A partial table beside it (`fame.report.tables.partial`) is removed.

    Raises:
        FameError: an unknown table, or a file cannot be written (each is whole or untouched).
    """
    table, scale = experiments.table(name), experiments.scale
    texts = {
        ".csv": csv_text(frame),
        ".md": markdown(frame, table, scale),
        ".tex": latex(frame, table, scale),
        ".html": html(frame, table, scale),
    }
    for suffix, text in texts.items():
        with replacing(out.with_suffix(suffix)) as file:
            file.write(text.encode())
    remove_partial(out)


def csv_text(frame: pd.DataFrame) -> str:
    """A table's CSV."""
    text: str = frame.round(DECIMALS).to_csv(index=False, lineterminator="\n")
    return text


def partial_files(out: Path) -> tuple[Path, Path]:
    """Paths of a partial table's CSV and Markdown: `table5.partial.csv`, `.md`."""
    return out.with_suffix(".partial.csv"), out.with_suffix(".partial.md")


def remove_partial(out: Path) -> None:
    """Remove the partial table beside a complete one."""
    for file in partial_files(out):
        file.unlink(missing_ok=True)
