"""Which of the paper's orderings the measured means agree with, table by table."""

import pandas as pd

PAPER = "paper"
"""How the source of a claim of the paper begins."""

ORDERED = ("greater", "less")
"""The kinds of claims that order two cells."""


def orderings(frame: pd.DataFrame) -> str:
    """How many orderings have the published direction, and which have not; empty if none was asked.

    Args:
        frame: from `fame.report.claims.judge.tabulate`, or read from its CSV.
    """
    stated = frame["source"].str.startswith(PAPER) & frame["kind"].isin(ORDERED)
    asked = frame[stated & frame["difference"].notna()]
    if asked.empty:
        return ""
    agrees, always = _agrees(asked), _in_every_seed(asked)
    tables = ", ".join(
        f"{_name(str(table))} {agrees[rows.index].sum()} of {len(rows)}"
        for table, rows in asked.groupby("table", sort=False)
    )
    against = "; ".join(asked.loc[~agrees, "claim"])
    return (
        f"Of the paper's {len(asked)} orderings, {agrees.sum()} have the published direction in "
        f"the mean over seeds, {always.sum()} of them in every seed ({tables}). A direction is no "
        f"verdict. Not so: {against or 'none'}."
    )


def _name(table: str) -> str:
    return table.replace("table", "Table ")


def _signs(asked: pd.DataFrame) -> "pd.Series[int]":
    """1 where a positive difference is as claimed, -1 where a negative one is."""
    return asked["kind"].map({"greater": 1, "less": -1}).astype(int)


def _agrees(asked: pd.DataFrame) -> "pd.Series[bool]":
    return asked["difference"] * _signs(asked) > 0


def _in_every_seed(asked: pd.DataFrame) -> "pd.Series[bool]":
    least = [
        min(float(number) * sign for number in str(numbers).split())
        for numbers, sign in zip(asked["by_seed"], _signs(asked), strict=True)
    ]
    return pd.Series(least, index=asked.index) > 0
