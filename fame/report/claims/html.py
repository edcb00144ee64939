"""Claims on the page: what the seeds can resolve, counts, and the claims of each table."""

import pandas as pd

from fame.pipeline.experiments import Experiments
from fame.report.claims.markdown import HEADS, counts, line, resolution
from fame.report.claims.orderings import orderings
from fame.report.page.grid import Grid, Text

ORDER = ("Claim", "Verdict", "Published", "Measured (95 %)", "p", "Family", "Source", "Why")
"""Of `HEADS`, the verdict first, so that it is seen on a narrow screen."""

LOOKS = {"Claim": "wrap", "Published": "number", "Measured (95 %)": "number", "p": "number"}
"""Of the columns that are not plain."""


def claim_remarks(frame: pd.DataFrame) -> tuple[str, ...]:
    """Remarks above the claims: their data, what the seeds can resolve, verdicts, directions.

    Args:
        frame: from `fame.report.claims.judge.tabulate`, or read from its CSV.
    """
    about = str(frame["about"].iloc[0]).rstrip(".")
    texts = (f"{about[:1].upper()}{about[1:]}.", resolution(frame), counts(frame), orderings(frame))
    return tuple(text.replace("`", "") for text in texts if text)


def claim_grids(frame: pd.DataFrame, experiments: Experiments) -> tuple[Grid, ...]:
    """The claims of each table, in the page's order.

    Args:
        frame: as for `claim_remarks`.
        experiments: gives the tables' titles.
    """
    return tuple(
        Grid(
            f"Claims about {experiments.table(str(name)).title}",
            tuple(Text(head, LOOKS.get(head, "")) for head in ORDER),
            tuple(_row(row) for _, row in rows.iterrows()),
        )
        for name, rows in frame.groupby("table", sort=False)
    )


def _row(row: "pd.Series") -> tuple[Text, ...]:
    looks = LOOKS | {"Verdict": f"verdict {row['verdict'].replace(' ', '-')}", "Why": "wrap"}
    texts = dict(zip(HEADS, line(row), strict=True))
    return tuple(Text(texts[head], looks.get(head, "")) for head in ORDER)
