"""The page of claims as Markdown: what a verdict is about, a count, a table for each table."""

from collections.abc import Mapping

import pandas as pd

from fame.config.scale import Scale
from fame.report.claims.orderings import orderings
from fame.report.claims.paired import ALPHA, fewest_seeds, smallest
from fame.report.claims.verdicts import VERDICTS, is_tie

NOTHING = "–"

HEADS = ("Claim", "Source", "Family", "Published", "Measured (95 %)", "p", "Verdict", "Why")
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
        "docs/claims.md gives the rule, and what was known when it was fixed. Differences "
        "are percentage points, by which the better is better; a p is Holm's, corrected within "
        "the family.",
        f"> **{frame['about'].iloc[0].rstrip('.')}.**",
        resolution(frame),
        counts(frame),
        orderings(frame),
    ]
    for name, rows in frame.groupby("table", sort=False):
        parts += [f"## {titles[str(name)]}", _table(rows, scale)]
    return "\n\n".join(part for part in parts if part) + "\n"


def resolution(frame: pd.DataFrame) -> str:
    """What this number of seeds can show, in a sentence; empty if nothing was measured."""
    if frame["n"].isna().all():
        return ""
    n = int(frame["n"].max())
    if n == 1:
        return (
            "One seed: differences only. A single difference has no spread, so there is no p, no "
            "interval and no verdict."
        )
    families = frame[frame["comparisons"].notna()].groupby("family")
    reached = [_reach(n, str(name), int(rows["comparisons"].max())) for name, rows in families]
    return (
        f"{n} seeds show the size, direction and spread of every difference, but a verdict needs a "
        f"corrected p of {ALPHA:g} or less, which they can reach in {' and in '.join(reached)}."
    )


def _reach(n: int, family: str, comparisons: int) -> str:
    """In which of so many comparisons of a family `n` seeds can reach a verdict: any or none."""
    least = smallest(n, comparisons)
    those = f"of the {comparisons} {family} comparisons (the smallest possible is {least:.2g}"
    if least <= ALPHA:
        return f"any {those})"
    return f"none {those}, however large the difference; {fewest_seeds(comparisons)} seeds could)"


def counts(frame: pd.DataFrame) -> str:
    """How many claims of each family have each verdict."""
    scale = frame["scale"].iloc[0]
    return " ".join(
        f"{str(family).capitalize()} claims at {scale}: {_counted(rows['verdict'])}."
        for family, rows in frame.groupby("family")
    )


def _counted(verdicts: "pd.Series[str]") -> str:
    numbers = verdicts.value_counts()
    return ", ".join(f"{numbers[word]} {word}" for word in VERDICTS if word in numbers)


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
        row["family"],
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
    size = "tie" if is_tie(row["difference"]) else f"{row['difference']:+.1f}"
    return f"{size}{interval}, n={int(row['n'])}"


def _signed(value: float) -> str:
    return NOTHING if pd.isna(value) else f"{value:+.1f}"
