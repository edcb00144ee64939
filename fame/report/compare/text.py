"""A comparison as text for the terminal, and as CSV."""

from collections.abc import Sequence
from itertools import groupby

import pandas as pd

from fame.report.compare.cells import Match
from fame.report.compare.origins import Change, evaluations, recipes, versions, without_cards
from fame.report.compare.sides import Side
from fame.report.tables.build import DECIMALS
from fame.report.tables.markdown import NOTHING

HEADS = ("row", "task", "column", "A", "B", "B less A", "runs")

MOST = 12
"""Settings of a group of rows that are listed; more are counted."""


def text(a: Side, b: Side, matches: Sequence[Match]) -> str:
    """Cells, differences, recipes and versions. Differences are numbers: there is no verdict."""
    parts = [*_sides(a, b), _counted(matches)]
    for name, of_table in groupby(matches, key=lambda one: one.key[0]):
        parts.append(f"{name}\n{_aligned([HEADS, *map(_line, of_table)])}")
    parts += [_recipes(a, b, matches), _evaluations(a, b), _versions(a, b)]
    return "\n\n".join(filter(None, parts)) + "\n"


def _sides(a: Side, b: Side) -> list[str]:
    lines = [
        f"{letter}: {side.folder} (scale {', '.join(side.scales)}; {len(side.cards)} runs)"
        for letter, side in (("A", a), ("B", b))
    ]
    notes = ["\n".join(lines)]
    if a.scales != b.scales:
        notes.append(
            "The sides are of different scales: their numbers measure different things, and a "
            "difference is not an effect of one setting."
        )
    return notes


def _counted(matches: Sequence[Match]) -> str:
    both = [one for one in matches if one.difference is not None]
    same = sum(one.same_runs for one in both)
    only = [sum(one.b is None for one in matches), sum(one.a is None for one in matches)]
    return (
        f"{len(both)} cells on both sides, {same} of them of the same runs; "
        f"{only[0]} in A only, {only[1]} in B only."
    )


def _line(one: Match) -> tuple[str, ...]:
    difference = NOTHING if one.difference is None else f"{one.difference:+.1f}"
    values = (NOTHING if value is None else value.text for value in (one.a, one.b))
    runs = "" if one.difference is None else "same" if one.same_runs else "other"
    return (*one.key[1:], *values, difference, runs)


def _aligned(lines: Sequence[tuple[str, ...]]) -> str:
    """Columns of equal width; those of numbers are aligned right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if 3 <= at <= 5 else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _recipes(a: Side, b: Side, matches: Sequence[Match]) -> str:
    parts = ["Recipes that differ (A -> B)"]
    for group in recipes(matches, a, b):
        parts.append("\n".join([f"  {'; '.join(group.rows)}", *_changes(group.changes, "    ")]))
    if unknown := without_cards(matches, a, b):
        parts.append(f"  {unknown} rows have other runs, of which a side has no cards.")
    return "\n".join(parts) if len(parts) > 1 else f"{parts[0]}: none"


def _evaluations(a: Side, b: Side) -> str:
    """The settings of tasks that differ; nothing if a side keeps no results."""
    if not a.evaluations or not b.evaluations:
        return ""
    lines = _changes(evaluations(a, b), "  ")
    return (
        "\n".join(["Evaluation that differs (A -> B)", *lines]) if lines else "Evaluation: the same"
    )


def _versions(a: Side, b: Side) -> str:
    lacking = [side.folder for side in (a, b) if not side.cards]
    if lacking:
        return f"Versions: unknown, no cards in {' and '.join(map(str, lacking))}"
    lines = _changes(versions(a, b), "  ")
    return "\n".join(["Versions that differ (A -> B)", *lines]) if lines else "Versions: the same"


def _changes(changes: Sequence[Change], indent: str) -> list[str]:
    lines = [f"{indent}{one.what}: {one.a} -> {one.b}" for one in changes[:MOST]]
    left_out = len(changes) - MOST
    return [*lines, f"{indent}and {left_out} more"] if left_out > 0 else lines


def frame(matches: Sequence[Match]) -> pd.DataFrame:
    """One row for each cell.

    Columns: `table`, `row`, `task`, `column`; for either side its mean, standard deviation, number
    of seeds and run ids (`a_mean` ... `b_runs`, empty where it has none); `difference` (B less A)
    and `same_runs`.
    """
    rows = [
        dict(zip(("table", "row", "task", "column"), one.key, strict=True))
        | {
            f"{side}_{name}": value and getattr(value, name)
            for side, value in (("a", one.a), ("b", one.b))
            for name in ("mean", "std", "n")
        }
        | {"difference": one.difference, "same_runs": one.same_runs}
        | {
            f"{side}_runs": " ".join(value.runs) if value else ""
            for side, value in (("a", one.a), ("b", one.b))
        }
        for one in matches
    ]
    counts = {"a_n": "Int64", "b_n": "Int64"}
    return pd.DataFrame(rows).astype(counts).round(DECIMALS)
