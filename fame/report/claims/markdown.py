"""The page of claims as Markdown: what a verdict is about, a count, a table for each table."""

from collections.abc import Mapping

import pandas as pd

from fame.config.scale import Scale
from fame.report.claims.paired import ALPHA, fewest_seeds, smallest
from fame.report.claims.verdicts import VERDICTS

NOTHING = "–"

HEADS = ("Claim", "Source", "Published", "Measured (95 %)", "p", "Verdict", "Why")
"""Heads of a claim's columns."""


def markdown(frame: pd.DataFrame, scale: Scale, titles: Mapping[str, str]) -> str:
    """The page.

    Args:
        frame: from `fame.report.claims.judge.tabulate`.
        scale: at which it was measured.
        titles: of the tables, by name.
    """
    parts = [
        "# Claims and verdicts",
        "Every ordering that the paper asserts, and some of our own, against what was measured. "
        "The rule, and what was known when it was fixed, stand in docs/claims.md. Differences "
        "are percentage points, better less worse; a p is Holm's, corrected over the page.",
        f"> **{frame['about'].iloc[0].rstrip('.')}.**",
        resolution(frame),
        counts(frame),
    ]
    for name, rows in frame.groupby("table", sort=False):
        parts += [f"## {titles[str(name)]}", _table(rows, scale)]
    return "\n\n".join(part for part in parts if part) + "\n"


def resolution(frame: pd.DataFrame) -> str:
    """What this number of seeds can resolve on this page; empty if nothing was measured."""
    if frame["n"].isna().all():
        return ""
    n = int(frame["n"].max())
    if n == 1:
        return (
            "One seed: direction and size only. A single difference has no spread, so there is "
            "no p and no interval, and `consistent` is weak evidence."
        )
    comparisons = int(frame["comparisons"].max())
    least = smallest(n, comparisons)
    can = (
        "so no claim can be resolved here, however large the difference; "
        f"that takes at least {fewest_seeds(comparisons)} seeds"
        if least > ALPHA
        else f"and a verdict needs {ALPHA:g} or less"
    )
    return (
        f"{n} seeds and {comparisons} distinct comparisons: the smallest uncorrected p is "
        f"{2 / 2**n:.2g}, the smallest corrected one {least:.2g}, {can}."
    )


def counts(frame: pd.DataFrame) -> str:
    """How many claims have each verdict."""
    numbers = frame["verdict"].value_counts()
    parts = [f"{numbers[word]} {word}" for word in VERDICTS if word in numbers]
    return f"Verdicts at {frame['scale'].iloc[0]}: {', '.join(parts)}."


def _table(frame: pd.DataFrame, scale: Scale) -> str:
    heads = tuple(f"{head} at {scale.name}" if head == "Verdict" else head for head in HEADS)
    lines = [heads, ("---",) * len(heads)]
    lines += [line(row) for _, row in frame.iterrows()]
    cells = [[str(cell).replace("|", r"\|") for cell in texts] for texts in lines]
    return "\n".join(f"| {' | '.join(texts)} |" for texts in cells)


def line(row: "pd.Series") -> tuple[str, ...]:
    """A row of the frame, or of the CSV that was written of it, as texts under `HEADS`."""
    return (
        row["claim"],
        row["source"],
        _signed(row["published"]),
        _measured(row),
        NOTHING if pd.isna(row["p_corrected"]) else f"{row['p_corrected']:.2g}",
        row["verdict"],
        row["because"],
    )


def _measured(row: "pd.Series") -> str:
    if pd.isna(row["difference"]):
        return NOTHING
    interval = "" if pd.isna(row["low"]) else f" ({row['low']:+.1f} to {row['high']:+.1f})"
    return f"{row['difference']:+.1f}{interval}, n={int(row['n'])}"


def _signed(value: float) -> str:
    return NOTHING if pd.isna(value) else f"{value:+.1f}"
