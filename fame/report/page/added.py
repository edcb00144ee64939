"""What the page adds to a table: seeds as dots, chance, the difference to MoCo, links to runs."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from fame.config.claims import Place
from fame.config.tables import Table
from fame.core.errors import FameError
from fame.report.page.pairs import gap, moco_beside
from fame.report.page.seeds import Seeds
from fame.report.page.strip import axis_of, strip
from fame.report.tables.build import DECIMALS
from fame.report.tables.html import Added, More

ROUNDING = 0.6 * 10**-DECIMALS
"""How far a number of the CSV may be from the result."""


def added(frame: pd.DataFrame, path: Path, table: Table, cells: Mapping[Place, Seeds]) -> Added:
    """The additions to one table.

    Args:
        frame: the table's CSV.
        path: where it was read.
        table: the table's file.
        cells: the measured cells of all tables, of which some are MoCo's.

    Raises:
        FameError: a number of the CSV is not the mean of its results.
    """
    chances, found = {}, {}
    for key in table.columns:
        column = [one for at, one in cells.items() if (at.table, at.column) == (table.name, key)]
        axis = axis_of(column)
        chances[key] = _chance(column)
        for one in column:
            _check(frame, path, one)
            moco = moco_beside(one, cells.values())
            difference = gap(one, moco) if moco else None
            words = difference.text if difference else ""
            link = f"#runs-of-{one.run.id}"
            found[one.place.row, key] = More(link, strip(one, axis), words)
    return Added(found, chances)


def _chance(column: Sequence[Seeds]) -> str:
    """What a guess reaches, in percent; the ends of a range if it depends on the row."""
    known = sorted(one.chance for one in column if one.chance is not None)
    ends = dict.fromkeys(f"{value:.1f}" for value in (*known[:1], *known[-1:]))
    return " to ".join(ends)


def _check(frame: pd.DataFrame, path: Path, one: Seeds) -> None:
    """Refuse a table that was built from other results than those that are there."""
    values = list(one.defined.values())
    mean = sum(values) / len(values) if values else math.nan
    kept = float(frame[f"{one.place.column}_measured"].astype("float64").iloc[one.place.row])
    if math.isnan(mean) != math.isnan(kept) or abs(mean - kept) > ROUNDING:
        raise FameError(
            f"{path}: row {one.place.row + 1} has {kept:g} in {one.place.column}, but its results "
            f"give {mean:g}; make the table again"
        )
