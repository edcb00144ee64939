"""Tables of the page, with every cell as text."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from fame.core.errors import FameError
from fame.report.tables.markdown import NOTHING

Links = tuple[tuple[str, str], ...]
"""Texts, each with where it leads."""


@dataclass(frozen=True)
class Text:
    """A cell or a head.

    Attributes:
        text: what it says.
        look: classes of the page's style sheet, such as `number`.
        links: follow the text, separated by commas.
        anchor: an id by which the cell's row is found; empty for none.
    """

    text: str
    look: str = ""
    links: Links = ()
    anchor: str = ""


@dataclass(frozen=True)
class Grid:
    """A table: its caption, a head for each column, and rows as long as the heads."""

    caption: str
    heads: tuple[Text, ...]
    rows: tuple[tuple[Text, ...], ...]

    @property
    def constant(self) -> tuple[bool, ...]:
        """Which columns have one value in all of several rows: a phone says them once.

        The first column never counts: it names the rows.
        """
        columns = zip(*self.rows, strict=True) if len(self.rows) > 1 else ((),) * len(self.heads)
        alike = [len({(cell.text, cell.links) for cell in column}) == 1 for column in columns]
        return tuple(at > 0 and same for at, same in enumerate(alike))

    @property
    def constants(self) -> str:
        """The constant columns in words; empty if there are none."""
        pairs = zip(self.heads, self.constant, self.rows[0] if self.rows else (), strict=False)
        return "; ".join(f"{head.text}: {cell.text}" for head, same, cell in pairs if same)


def read_csv(path: Path, texts: Iterable[str] = ()) -> pd.DataFrame:
    """Read the CSV of an earlier job; the columns in `texts` are not read as numbers.

    Raises:
        FameError: the file is missing or is not a table.
    """
    try:
        return pd.read_csv(
            path, dtype=dict.fromkeys(texts, "str"), keep_default_na=False, na_values=[""]
        )
    except FileNotFoundError:
        raise FameError(f"{path}: no such table; make it first") from None
    except ValueError as error:
        raise FameError(f"{path}: not a table ({error}); delete it and make it again") from None


def grid(frame: pd.DataFrame, columns: Mapping[str, str], caption: str) -> Grid:
    """A frame as a grid.

    Args:
        frame: any; a missing value becomes a dash.
        columns: its columns to include, each with its head.
        caption: what the table is.
    """
    looks = {key: "number" if _is_number(frame[key]) else "" for key in columns}
    heads = tuple(Text(title, looks[key]) for key, title in columns.items())
    texts = zip(*(written(frame[key]) for key in columns), strict=True)
    rows = (tuple(map(Text, row, looks.values())) for row in texts)
    return Grid(caption, heads, tuple(rows))


def written(column: "pd.Series[Any]") -> list[str]:
    """A column's values as text: numbers in one format, a dash for a missing value.

    Integers have no decimals; other numbers have one if any of them is 10 or more, else three.
    """
    return [NOTHING if pd.isna(value) else _one(value, _digits(column)) for value in column]


def _one(value: Any, digits: int) -> str:
    if isinstance(value, bool):  # pandas takes a column of "true" for truth values
        return str(value).lower()
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value) or NOTHING


def _digits(column: "pd.Series[Any]") -> int:
    numbers = column.dropna()
    if not _is_number(column) or (numbers == numbers.round()).all():
        return 0
    return 1 if (numbers.abs() >= 10).any() else 3


def _is_number(column: "pd.Series[Any]") -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
