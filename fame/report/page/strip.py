"""A cell's seeds as a strip of dots, and an outcome's differences as rows of dots."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from fame.report.page.pairs import Pair
from fame.report.page.seeds import Gap, Seeds
from fame.report.page.svg import Axis, dot, line, seeds_at, svg, text
from fame.report.page.svg import differences as ground

WIDTH, HEIGHT = 50.0, 14.0
"""Of a strip, in pixels."""

OUTCOME, EDGE, ROW = 400.0, 14.0, 38.0
"""Of the outcome, in pixels: its width, which fits a phone, its margins, the height of a pair."""


def strip(one: Seeds, axis: Axis) -> Markup:
    """A dot for each seed, a line where a guess would be.

    Args:
        one: a cell.
        axis: shared by the cells of its column.
    """
    marks = []
    if one.chance is not None and axis.low <= one.chance <= axis.high:
        place = axis.place(one.chance, 0.0, WIDTH)
        marks.append(line(place, 1.0, place, HEIGHT - 1, class_="chance"))
    runs = {run.seed: run.id for run in one.cell.runs}
    for seed, value in one.defined.items():
        place = axis.place(value, 0.0, WIDTH)
        title = f"seed {seed}: {value:.1f}"
        marks.append(dot(place, HEIGHT / 2, title, f"#card-{runs[seed]}", r=2.6))
    values = ", ".join(f"seed {seed}: {value:.1f}" for seed, value in one.defined.items())
    return svg(WIDTH, HEIGHT, values, *marks, look="strip")


def axis_of(column: Sequence[Seeds]) -> Axis:
    """The range of the seeds of a column's cells, and of a guess."""
    values = [value for one in column for value in one.defined.values()]
    return Axis.around([*values, *(one.chance for one in column if one.chance is not None)])


@dataclass(frozen=True)
class Difference:
    """A pair as it is drawn: its name, and FAME less MoCo by seed."""

    name: str
    gap: Gap


def differences(pairs: Sequence[Pair], names: Sequence[str]) -> list[Difference]:
    """The pairs that have seeds in common."""
    both = zip(names, (pair.gap for pair in pairs), strict=True)
    return [Difference(name, gap) for name, gap in both if gap is not None]


def outcome(rows: Sequence[Difference], scale: str) -> Markup:
    """FAME less MoCo, a row for each evaluation, a dot for each seed, a bar at the mean.

    Args:
        rows: at least one.
        scale: its name, which stands below the axis.
    """
    numbers = [value for row in rows for value in row.gap.values.values()]
    axis = Axis.around([*numbers, 0.0], f"FAME less MoCo, points, scale {scale}")
    ends, floor = (EDGE, OUTCOME - EDGE), ROW * len(rows) + 4
    marks = ground(axis, ends, floor)
    for at, row in enumerate(rows):
        marks += _row(row, axis, ends, ROW * at)
    spoken = "; ".join(f"{row.name}: {row.gap.text}" for row in rows)
    return svg(OUTCOME, floor + 30, f"{axis.title}. {spoken}", *marks, look="plot outcome")


def _row(row: Difference, axis: Axis, ends: tuple[float, float], top: float) -> list[Markup]:
    """A name and the mean in numbers, and below them the seeds."""
    return [
        text(0.0, top + 13, row.name, class_="over"),
        text(OUTCOME, top + 13, row.gap.text, text_anchor="end", class_="over title"),
        *seeds_at(row.gap.values, axis, ends, top + 26),
    ]
