"""A built table of the paper as HTML: on the page, or as a small page of its own."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from markupsafe import Markup

from fame.config.scale import Scale
from fame.config.tables import Table
from fame.report.page.templates import template
from fame.report.tables.markdown import BEST_ON_TEST, NOTHING, best, notice


@dataclass(frozen=True)
class More:
    """What a page with the runs adds to a measured number.

    Attributes:
        link: where its runs are listed.
        strip: a dot for each seed.
        gap: the difference to MoCo; empty if there is nothing to compare with.
    """

    link: str
    strip: Markup
    gap: str


@dataclass(frozen=True)
class Added:
    """What a page with the runs adds to a table.

    Attributes:
        cells: by row and column.
        chances: what a guess reaches, by column.
    """

    cells: Mapping[tuple[int, str], More] = field(default_factory=dict)
    chances: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Half:
    """The published or the measured number of a cell.

    Attributes:
        id: names it in the document: table, row, column, `published` or `measured`.
        text: a number with its spread, or a dash.
        best: whether it is the best of its kind in its block.
        more: of a measured number, where the runs are known.
    """

    id: str
    text: str
    best: bool
    more: More | None = None


@dataclass(frozen=True)
class Line:
    """A row: what it shows, and its cells in pairs.

    Attributes:
        details: what tells it from other rows beside the first head, for a narrow screen.
        note: the number of the note that says how it was measured, or why not; 0 for a row that
            is quoted only.
        begins: whether another block of rows begins here.
    """

    shown: tuple[str, ...]
    details: str
    cells: tuple[tuple[Half, Half], ...]
    note: int
    begins: bool


@dataclass(frozen=True)
class Rendered:
    """A table as the templates take it; see `fame.config.tables.Table`.

    Attributes:
        chances: what a guess reaches, by column; empty texts where that is not known.
        constants: the heads that have one value in all rows, never the first, with that value.
        linked: whether measured numbers have more than themselves: see `More`.
    """

    name: str
    title: str
    source: str
    scale: str
    heads: tuple[str, ...]
    columns: tuple[str, ...]
    chances: tuple[str, ...]
    constants: str
    linked: bool
    lines: tuple[Line, ...]
    notes: tuple[str, ...]


def shown(frame: pd.DataFrame, table: Table, scale: Scale, added: Added | None = None) -> Rendered:
    """A table for the templates.

    Args:
        frame: from `fame.report.tables.build.build`, or read from the CSV that was written of it.
        table: the file it was built from.
        scale: the scale it was built at.
        added: what is known of its runs.
    """
    added = added or Added()
    same = [key for key in list(table.show)[1:] if frame[key].nunique(dropna=False) == 1]
    alike = (f"{table.show[key]}: {_text(frame[key].iloc[0]) or NOTHING}" for key in same)
    blocks = [table.block(row) for row in table.rows]
    columns = [_column(frame, table, key, blocks, added) for key in table.columns]
    origins = [_origin(row) for _, row in frame.iterrows()]
    notes = tuple(dict.fromkeys(text for text in origins if text))
    lines = [
        Line(
            tuple(_text(row[key]) or NOTHING for key in table.show),
            _details(row, table, same),
            tuple(cells),
            notes.index(origins[number]) + 1 if origins[number] else 0,
            number > 0 and blocks[number] != blocks[number - 1],
        )
        for number, ((_, row), *cells) in enumerate(zip(frame.iterrows(), *columns, strict=True))
    ]
    return Rendered(
        table.name,
        table.title,
        table.source,
        scale.name,
        tuple(table.show.values()),
        tuple(column.title for column in table.columns.values()),
        tuple(added.chances.get(key, "") for key in table.columns),
        "; ".join(alike),
        bool(added.cells),
        tuple(lines),
        notes,
    )


def _details(row: "pd.Series[Any]", table: Table, same: Collection[str]) -> str:
    """A row's values under the other heads; a number or a truth value has its head before it."""
    words = []
    for key, head in list(table.show.items())[1:]:
        text = _text(row[key])
        if text and key not in same:
            plain = text.replace(".", "").isdigit() or text in ("yes", "no")
            words.append(f"{head.lower()} {text}" if plain else text)
    return ", ".join(words)


def html(frame: pd.DataFrame, table: Table, scale: Scale) -> str:
    """A self-contained page with this table alone; arguments as for `shown`."""
    context = {"table": shown(frame, table, scale), "notice": notice(frame, scale)}
    return template("table.html.j2").render(**context)


def _column(
    frame: pd.DataFrame, table: Table, key: str, blocks: list[int], added: Added
) -> list[tuple[Half, Half]]:
    """The cells of a measured column."""
    kinds = ("published", "measured")
    values = [frame[f"{key}_{kind}"].astype("float64").round(1) for kind in kinds]
    tops = [best(column, blocks, table.columns[key].lower_is_better) for column in values]
    texts = [[NOTHING if pd.isna(value) else f"{value:.1f}" for value in values[0]]]
    texts += [[_measured(row, key) for _, row in frame.iterrows()]]
    return [
        (
            Half(f"{table.name}:{row}:{key}:published", texts[0][row], bool(tops[0].iloc[row])),
            Half(
                f"{table.name}:{row}:{key}:measured",
                texts[1][row],
                bool(tops[1].iloc[row]),
                added.cells.get((row, key)),
            ),
        )
        for row in range(len(frame))
    ]


def _measured(row: "pd.Series[Any]", key: str) -> str:
    """Mean, standard deviation, and the number of seeds."""
    mean, spread = row[f"{key}_measured"], row[f"{key}_std"]
    if pd.isna(mean):
        return NOTHING
    return f"{mean:.1f}{'' if pd.isna(spread) else f' ± {spread:.1f}'} (n={int(row[f'{key}_n'])})"


def _origin(row: "pd.Series[Any]") -> str:
    """How a row was measured, or why it was not; empty for one that is quoted only."""
    if not _text(row["task"]):
        return ""
    negatives, epoch = _text(row["negatives"]), _text(row["epoch"])
    parts = [_text(row["measured_on"]), f"negatives: {negatives}" if negatives else ""]
    parts += [
        f"epoch: {epoch}" if BEST_ON_TEST in epoch else "",
        _text(row["not_measured_because"]),
    ]
    return "; ".join(part for part in parts if part)


def _text(value: Any) -> str:
    """A text of the frame; a CSV that was read has a missing value for an empty one."""
    return "" if pd.isna(value) else str(value)
