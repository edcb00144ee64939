"""A table of the paper beside what was measured: gathered from results, then written.

Published and measured numbers never share a column, and every row names its scale.
"""

import csv
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from fame.config.reading import SCALES
from fame.config.scale import Scale
from fame.config.tables import Row, Table
from fame.errors import FameError
from fame.experiments import Cell, Experiments, Run, measurable, result_file
from fame.files import replacing
from fame.report.rendering import BEST_ON_TEST, latex, markdown

DECIMALS = 4
"""Of the numbers in a CSV; Markdown and LaTeX show one."""

SUFFIXES = (".csv", ".md", ".tex")
"""The files of a written table."""


@dataclass(frozen=True)
class Measurement:
    """One measured cell, over one run for each seed.

    Attributes:
        mean: of `values`, in the metric's unit (percent).
        std: sample standard deviation (n - 1 in the denominator); None for a single run.
        values: one for each run, in the order of the scale's seeds.
        runs: their ids.
    """

    mean: float
    std: float | None
    values: tuple[float, ...]
    runs: tuple[str, ...]

    @property
    def n(self) -> int:
        """The number of runs."""
        return len(self.values)


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
    values = tuple(_value(cell, run, results, scale) for run in cell.runs)
    std = statistics.stdev(values) if len(values) > 1 else None
    return Measurement(statistics.fmean(values), std, values, tuple(run.id for run in cell.runs))


def _value(cell: Cell, run: Run, results: Path, scale: Scale) -> float:
    from fame.evaluate.results import read_result

    path = results / result_file(scale, run, cell.dataset, cell.task)
    if not path.is_file():
        raise FameError(f"{path}: no such result; make it with `{_command(path, scale)}`")
    result = read_result(path)
    if result["run"] != run.id:
        raise FameError(f"{path}: holds a result of the run {result['run']!r}; delete it and redo")
    if cell.metric not in result["metrics"]:
        known = ", ".join(result["metrics"])
        raise FameError(f"{path}: lacks the metric {cell.metric!r} (has: {known}); delete and redo")
    return float(result["metrics"][cell.metric])


def _command(path: Path, scale: Scale) -> str:
    """What makes a result; a scale outside config/scales is only known by its path."""
    own = not (SCALES / f"{scale.name}.yaml").is_file()
    choice = f"<path of {scale.name}>" if own else scale.name
    return f"snakemake --cores all {path} --config scale={choice}"


def build(experiments: Experiments, name: str, results: Path) -> pd.DataFrame:
    """A table with one row for each row of its file.

    The columns are those of the file's `show`, as published (text), and `task`; for every
    measured column `c` the numbers `c_published`, `c_measured` (mean), `c_std` and `c_n`; and
    the texts `scale` (on every row), `comparable` (`yes`, or `no:` and the reason; empty if
    nothing was measured), `measured_on` (backbone, pretraining data, frames and size that were
    really used), `negatives` (of a MoCo row), `epoch` (which one is reported, of a trained
    classifier), `runs` (ids) and `not_measured_because`.

    Args:
        experiments: a scale and its tables.
        name: of the table.
        results: as for `measure`.

    Raises:
        FameError: an unknown table, or as `measure` does.
    """
    table, scale = experiments.table(name), experiments.scale
    found = {
        (cell.row, cell.column): (cell, measure(cell, results, scale))
        for cell in experiments.cells([name])
    }
    rows = []
    for number, row in enumerate(table.rows):
        measured = {c: found[number, c] for c in table.columns if (number, c) in found}
        rows.append(_row(table, scale, row, measured))
    frame = pd.DataFrame(rows)
    for column in table.columns:
        numbers = [f"{column}_{kind}" for kind in ("published", "measured", "std")]
        frame[numbers] = frame[numbers].astype("float64")
        frame[f"{column}_n"] = frame[f"{column}_n"].astype("Int64")
    return frame


def _row(
    table: Table, scale: Scale, row: Row, measured: dict[str, tuple[Cell, Measurement]]
) -> dict[str, Any]:
    """One row of `build`; `measured` is by column."""
    content: dict[str, Any] = {key: _text(row.show.get(key)) for key in table.show}
    content["task"] = row.task or ""
    for column in table.columns:
        measurement = measured[column][1] if column in measured else None
        content[f"{column}_published"] = row.published.get(column)
        content[f"{column}_measured"] = measurement.mean if measurement else None
        content[f"{column}_std"] = measurement.std if measurement else None
        content[f"{column}_n"] = measurement.n if measurement else None
    content["scale"] = scale.name
    content |= _provenance(scale, measured)
    content["not_measured_because"] = _reason(scale, table, row)
    return content


def _provenance(scale: Scale, measured: dict[str, tuple[Cell, Measurement]]) -> dict[str, str]:
    """How a row's numbers came about; empty texts if there are none."""
    if not measured:
        return dict.fromkeys(("comparable", "measured_on", "negatives", "epoch", "runs"), "")
    cell = next(iter(measured.values()))[0]
    first = cell.runs[0]
    runs = dict.fromkeys(run for _, measurement in measured.values() for run in measurement.runs)
    return {
        "comparable": "yes" if scale.comparable else f"no: {scale.note}",
        "measured_on": _measured_on(scale, first),
        "negatives": _negatives(first),
        "epoch": _epoch(scale, cell.task),
        "runs": " ".join(runs),
    }


def _measured_on(scale: Scale, run: Run) -> str:
    backbone = scale.backbones[run.backbone]
    data = f"pretrained on {scale.datasets[run.pretrain].title}" if run.pretrain else "untrained"
    if run.source is not None:
        data = f"encoder {run.weights}"
    return f"{backbone.title}, {data}, {backbone.frames} frames of {backbone.size} px"


def _negatives(run: Run) -> str:
    """What a MoCo run contrasts with; other methods may have no negatives at all."""
    if run.method != "moco":
        return ""
    queue = run.recipe["pretrain"]["moco"]["queue"]
    return f"queue of {queue}" if queue else "in-batch"


def _epoch(scale: Scale, task: str) -> str:
    """Which epoch of the classifier a number is of; retrieval trains none."""
    if task == "retrieval":
        return ""
    settings = scale.evaluate.linear if task == "linear" else scale.evaluate.finetune
    return BEST_ON_TEST if settings.report == "best-on-test" else "last"


def _reason(scale: Scale, table: Table, row: Row) -> str:
    """Why a row's cells are not measured; names the columns unless all share one reason."""
    reasons = {c.title: measurable(scale, row, c) for c in table.columns.values()}
    if len(set(reasons.values())) == 1:
        return next(iter(reasons.values())) or ""
    return "; ".join(f"{title}: {reason}" for title, reason in reasons.items() if reason)


def _text(value: Any) -> str:
    """A shown value as text: yes or no for a truth value, empty for nothing."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def write(frame: pd.DataFrame, experiments: Experiments, name: str, out: Path) -> None:
    """Write a built table as CSV, and as Markdown and LaTeX (booktabs) beside it.

    Args:
        frame: from `build`.
        experiments: what it was built from.
        name: of the table.
        out: the `.csv`, for programs; `.md` and `.tex` are for readers and papers.

    Raises:
        FameError: an unknown table, or a file cannot be written (each is whole or untouched).
    """
    table, scale = experiments.table(name), experiments.scale
    texts = {
        ".csv": frame.round(DECIMALS).to_csv(index=False, lineterminator="\n"),
        ".md": markdown(frame, table, scale),
        ".tex": latex(frame, table, scale),
    }
    for suffix, text in texts.items():
        with replacing(out.with_suffix(suffix)) as file:
            file.write(text.encode())


def publish(source: Path, target: Path) -> str | None:
    """Copy a scale's table to where the active scale's stands (`results/table5.csv`).

    Args:
        source: the `.csv` of some scale; its `.md` and `.tex` stand beside it.
        target: the `.csv` to write; `.md` and `.tex` go beside it.

    Returns:
        If the target held another scale's table, a sentence that says so, which is printed to
        stderr as well; else None.

    Raises:
        FameError: `source` is no table or incomplete, or a file cannot be written.
    """
    for suffix in SUFFIXES:
        if not source.with_suffix(suffix).is_file():
            raise FameError(f"{source.with_suffix(suffix)}: no such table; make it first")
    # Snakemake deletes the target before this runs; the scale is remembered beside it.
    memory = target.with_name(f".{target.stem}.scale")
    remembered = memory.read_text(encoding="utf-8").strip() if memory.is_file() else None
    now, before = _scale_of(source), _scale_of(target) or remembered
    if now is None:
        raise FameError(f"{source}: not a table of results (no scale in it); delete it and redo")
    replaces = (target.exists() or remembered is not None) and before != now
    for suffix in SUFFIXES:
        with replacing(target.with_suffix(suffix)) as file:
            file.write(source.with_suffix(suffix).read_bytes())
    with replacing(memory) as file:
        file.write(now.encode())
    if not replaces:
        return None
    sentence = f"{target}: the {before or 'unknown'} table was replaced by the {now} table"
    print(sentence, file=sys.stderr)
    return sentence


def _scale_of(path: Path) -> str | None:
    """The scale that a table's first row names; None if there is none."""
    if not path.is_file():
        return None
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        return next(csv.DictReader(file), {}).get("scale") or None
