"""The schema of the claims file: orderings between two measured cells of the tables."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from fame.config.reading import SCALES, parse, read_yaml
from fame.config.tables import Column, Row, Table
from fame.core.errors import FameError
from fame.core.schema import Model

CLAIMS = SCALES.with_name("claims.yaml")
"""The project's own claims, about its own tables."""

PRIMARY = "primary"
"""The `family` of the claims that a study is about."""

OURS = "ours"
"""The `source` of a claim that is ours and not the paper's."""


class Pointer(Model):
    """A cell of a table file.

    Attributes:
        table: the table's name.
        row: enough of the row's `show` values to identify it.
        column: the column's key.
    """

    table: str
    row: Annotated[dict[str, Any], Field(min_length=1)]
    column: str


class Claim(Model):
    """An asserted ordering of two cells.

    Attributes:
        id: a short name of lower-case letters, digits, dots and dashes.
        text: the claim in words.
        source: `paper, Table 3`, or `ours`.
        family: the claims with which its p-value is corrected.
        kind: `greater`: `better` is higher than `worse`; `less`: it is lower, in a column where
            lower is better; `similar`: they differ by less than `within` percentage points.
        within: the bound of `similar`, in percentage points.
        better: the cell that the claim calls better.
        worse: the cell that it is compared with.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    text: Annotated[str, Field(min_length=1)]
    source: Annotated[str, Field(pattern=r"^(ours|paper, .+)$")]
    family: Literal["primary", "secondary"]
    kind: Literal["greater", "less", "similar"]
    within: Annotated[float, Field(gt=0)] | None = None
    better: Pointer
    worse: Pointer

    @model_validator(mode="after")
    def _bound(self) -> "Claim":
        if (self.kind == "similar") != (self.within is not None):
            raise ValueError(
                f"claim {self.id}: kind `similar` needs `within`, other kinds have none"
            )
        return self

    @property
    def sign(self) -> int:
        """Of `better` less `worse`, if the claim holds; -1 where lower is better."""
        return -1 if self.kind == "less" else 1


class Claims(Model):
    """All claims of a file; their p-values are corrected within each family.

    Attributes:
        claims: in the order in which they are reported.
    """

    claims: Annotated[tuple[Claim, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _distinct(self) -> "Claims":
        seen: set[str] = set()
        for claim in self.claims:
            if claim.id in seen:
                raise ValueError(f"two claims have the id {claim.id}; rename one")
            seen.add(claim.id)
        return self


@dataclass(frozen=True)
class Place:
    """A cell of a claim: the number of its row, and its column's key."""

    table: str
    row: int
    column: str


@dataclass(frozen=True)
class Located:
    """A claim with its two cells.

    Attributes:
        published: by how many percentage points `better` was published as better than `worse`;
            None if one of the two was not published.
    """

    claim: Claim
    better: Place
    worse: Place
    published: float | None


def load_claims(path: Path, tables: Mapping[str, Table]) -> list[Located]:
    """Read a claims file and locate each claim's cells.

    Args:
        path: the claims file.
        tables: by name, as `fame.pipeline.experiments.Experiments.tables` has them.

    Raises:
        FameError: the file is not a claims file; or a claim names a cell that does not exist, is
            not unique or has no recipe, compares different quantities, calls the wrong side
            better, or contradicts the published cells.
    """
    page = parse(Claims, read_yaml(path), path)
    return [_located(claim, tables, f"{path}: claim {claim.id}") for claim in page.claims]


def _located(claim: Claim, tables: Mapping[str, Table], name: str) -> Located:
    better = _place(claim.better, tables, f"{name}: better")
    worse = _place(claim.worse, tables, f"{name}: worse")
    left, right = _measures(better, tables), _measures(worse, tables)
    if left != right:
        raise FameError(
            f"{name}: compares {' '.join(left)} with {' '.join(right)}; name cells of the same "
            "task, dataset and metric"
        )
    _check_direction(claim, tables[better.table].columns[better.column], name)
    gain = _gain(better, worse, tables)
    located = Located(claim, better, worse, None if gain is None else claim.sign * gain)
    _check_published(located, name)
    return located


def _place(pointer: Pointer, tables: Mapping[str, Table], where: str) -> Place:
    _check(pointer.table, tables, f"{where}: there is no table")
    table = tables[pointer.table]
    _check(pointer.column, table.columns, f"{where}: {table.name} has no column")
    for key in pointer.row:
        _check(key, table.show, f"{where}: the rows of {table.name} show no")
    matching = [number for number, row in enumerate(table.rows) if _matches(row, pointer.row)]
    if not matching:
        raise FameError(f"{where}: {_no_row(table, pointer.row)}")
    if len(matching) > 1:
        raise FameError(
            f"{where}: {len(matching)} rows of {table.name} show {_as_text(pointer.row)}; give "
            f"more of the row's values ({', '.join(table.show)})"
        )
    (number,) = matching
    if table.rows[number].recipe is None:
        raise FameError(
            f"{where}: the row {_as_text(pointer.row)} of {table.name} is quoted only; give it a "
            "recipe or drop the claim"
        )
    return Place(table.name, number, pointer.column)


def _check(name: str, known: Iterable[str], what: str) -> None:
    """Refuse an unknown name and suggest the nearest known one."""
    choices = sorted(known)
    if name not in choices:
        raise FameError(f"{what} {name!r}{_hint(name, choices)}")


def _hint(name: str, choices: list[str]) -> str:
    close = difflib.get_close_matches(name, choices, 1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(choices)}"


def _matches(row: Row, wanted: dict[str, Any]) -> bool:
    return all(key in row.show and str(row.show[key]) == str(wanted[key]) for key in wanted)


def _no_row(table: Table, wanted: dict[str, Any]) -> str:
    """The error when no row matches; suggests the nearest value for one that no row shows."""
    for key, value in wanted.items():
        shown = sorted({str(row.show[key]) for row in table.rows if key in row.show})
        if str(value) not in shown:
            return f"no row of {table.name} shows {key} {str(value)!r}{_hint(str(value), shown)}"
    return f"no row of {table.name} shows {_as_text(wanted)} together; see its file"


def _as_text(row: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in row.items())


def _measures(place: Place, tables: Mapping[str, Table]) -> tuple[str, str, str]:
    """Task, dataset and metric of a cell."""
    table = tables[place.table]
    column = table.columns[place.column]
    return str(table.rows[place.row].task_in(column)), column.dataset, column.metric


def _check_direction(claim: Claim, column: Column, name: str) -> None:
    """Check that an ordering calls the side better that its column does."""
    right = "less" if column.lower_is_better else "greater"
    if claim.kind not in (right, "similar"):
        raise FameError(f"{name}: kind {claim.kind!r} of {column.title!r}; there it is {right!r}")


def _gain(better: Place, worse: Place, tables: Mapping[str, Table]) -> float | None:
    cells = [tables[at.table].rows[at.row].published.get(at.column) for at in (better, worse)]
    high, low = cells
    return None if high is None or low is None else round(high - low, 4)


def _check_published(located: Located, name: str) -> None:
    """Check that a claim of the paper has published cells and that they do not contradict it."""
    claim, gain = located.claim, located.published
    if gain is None:
        if claim.source != OURS:
            raise FameError(
                f"{name}: source is {claim.source!r}, but one of its cells was not published; "
                f"write `source: {OURS}`"
            )
        return
    holds = gain > 0 if claim.within is None else abs(gain) <= claim.within
    if not holds:
        raise FameError(
            f"{name}: the published cells differ by {gain:+g} points, which contradicts "
            f"{claim.kind!r}; correct the claim"
        )
