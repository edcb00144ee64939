"""Cells of two sides beside each other, matched by table, row, task and column."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from fame.report.compare.sides import MEASURED, Side

Key = tuple[str, str, str, str]
"""Table, row in words, task and column; a number is added to rows that repeat."""


@dataclass(frozen=True)
class Value:
    """A measured number of one side.

    Attributes:
        std: over seeds; None for a single one.
        runs: ids of the runs of its row.
    """

    mean: float
    std: float | None
    n: int
    runs: tuple[str, ...]

    @property
    def text(self) -> str:
        """Mean, standard deviation and number of seeds."""
        spread = "" if self.std is None else f" ± {self.std:.1f}"
        return f"{self.mean:.1f}{spread} (n={self.n})"


@dataclass(frozen=True)
class Match:
    """A cell of two sides; at least one has it.

    Attributes:
        a, b: None where a side has not measured it.
    """

    key: Key
    a: Value | None
    b: Value | None

    @property
    def difference(self) -> float | None:
        """Mean of `b` less that of `a`; None if one lacks it."""
        return None if self.a is None or self.b is None else self.b.mean - self.a.mean

    @property
    def same_runs(self) -> bool:
        """Whether both are of equal runs: then recipes are equal, to the seed."""
        return self.a is not None and self.b is not None and self.a.runs == self.b.runs


def matches(a: Side, b: Side) -> list[Match]:
    """Every measured cell of either side, those of `a` first."""
    left, right = dict(_values(a)), dict(_values(b))
    keys = dict.fromkeys([*left, *right])
    return [Match(key, left.get(key), right.get(key)) for key in keys]


def _values(side: Side) -> Iterator[tuple[Key, Value]]:
    """The measured cells of a side."""
    for name, frame in side.tables.items():
        heads = list(map(str, frame))
        columns = [head.removesuffix(MEASURED) for head in heads if head.endswith(MEASURED)]
        describing = heads[: heads.index("task")] if "task" in heads else []
        seen: dict[tuple[str, str], int] = {}
        for _, row in frame.iterrows():
            words, task = _words(row, describing), _text(row.get("task"))
            seen[words, task] = seen.get((words, task), 0) + 1
            again = f" ({seen[words, task]})" if seen[words, task] > 1 else ""
            for column in columns:
                value = _value(row, column)
                if value is not None:
                    yield (name, words + again, task, column), value


def _words(row: "pd.Series[Any]", describing: list[str]) -> str:
    return ", ".join(filter(None, (_text(row[key]) for key in describing)))


def _value(row: "pd.Series[Any]", column: str) -> Value | None:
    mean = _number(row[column + MEASURED])
    if mean is None:
        return None
    n = _number(row.get(f"{column}_n"))
    runs = tuple(_text(row.get("runs")).split())
    return Value(mean, _number(row.get(f"{column}_std")), 1 if n is None else int(n), runs)


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _text(value: Any) -> str:
    """A value as text: whole numbers without decimals, nothing for a missing one."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
