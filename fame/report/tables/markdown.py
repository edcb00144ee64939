"""A built table as Markdown, for reading; `fame.report.tables.latex` writes it for a paper."""

import pandas as pd

from fame.config.scale import Scale
from fame.config.tables import Table

NOTHING = "–"

BEST_ON_TEST = "best on the test videos"
"""The `epoch` of a number that was selected on the test videos themselves."""

PARTIAL = (
    "This table is partial: cells marked [1], [2] ... lack runs, for the reasons listed below. The "
    "mean of a partial cell is over the runs that are there."
)


def _legend(scale: Scale) -> str:
    return (
        f"Cells read published / measured. A measured cell names its scale ({scale.name}) and "
        f"gives the mean ± standard deviation over n seeds; {NOTHING} means not published or not "
        "measured."
    )


def notice(frame: pd.DataFrame, scale: Scale) -> str:
    """Whether measured and published numbers are comparable, and why."""
    may = "are" if scale.comparable else "are not"
    notice = f"The {scale.name} numbers {may} comparable with the published ones: {scale.note}."
    if frame["epoch"].fillna("").str.contains(BEST_ON_TEST).any():
        notice += (
            " Accuracies are of the epoch that was best on the test videos themselves, as in the "
            "release, and are therefore too high."
        )
    return notice


def _cell(published: float, mean: float, std: float, n: int, scale: str, missing: str) -> str:
    """One cell: `84.8 / mini: 44.2 ± 15.0 (n=3)`; a missing number is NaN.

    If runs are missing, `missing` is the number of the note that says why, in brackets.
    """
    left = NOTHING if pd.isna(published) else f"{published:.1f}"
    if pd.isna(mean):
        return f"{left} / {f'{scale}: missing {missing}' if missing else NOTHING}"
    spread = "" if pd.isna(std) else f" ± {std:.1f}"
    count = f"(n={n}, partial) {missing}" if missing else f"(n={n})"
    return f"{left} / {scale}: {mean:.1f}{spread} {count}"


def best(values: "pd.Series[float]", blocks: list[int], lowest: bool = False) -> "pd.Series[bool]":
    """Which values are the best of their block, if it has others to compare with.

    Args:
        values: a column, rounded as displayed, so that equal texts tie.
        blocks: the block of each row, as `Table.block` gives it.
        lowest: whether the lowest is the best, else the highest.
    """
    grouped = values.groupby(blocks)
    return (values == grouped.transform("min" if lowest else "max")) & (
        grouped.transform("count") > 1
    )


def display(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The table as a reader sees it: titled columns, one text for each cell.

    Args:
        frame: from `fame.report.tables.build.build`.
        table: its file.
    """
    notes = {reason: f"[{number}]" for number, reason in enumerate(_reasons(frame, table), 1)}
    columns = {title: frame[key].replace("", NOTHING) for key, title in table.show.items()}
    for key, column in table.columns.items():
        parts = [frame[f"{key}_{kind}"] for kind in ("published", "measured", "std", "n")]
        missing = [notes.get(reason, "") for reason in _missing(frame, key)]
        rows = zip(*parts, frame["scale"], missing, strict=True)
        columns[column.title] = pd.Series([_cell(*row) for row in rows], index=frame.index)
    return pd.DataFrame(columns)


def _missing(frame: pd.DataFrame, key: str) -> list[str]:
    """Why each cell of a column lacks runs; all empty in a table that is not partial."""
    return list(frame.get(f"{key}_missing", pd.Series("", index=frame.index)))


def _reasons(frame: pd.DataFrame, table: Table) -> list[str]:
    """Why cells lack runs, each reason once, in the order of the rows."""
    by_column = (_missing(frame, key) for key in table.columns)
    by_row = zip(*by_column, strict=True)
    return list(dict.fromkeys(reason for row in by_row for reason in row if reason))


def _provenance(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The rows that we measure or would measure at another scale, with how or why not."""
    ours = frame[frame["task"] != ""]
    columns = {next(iter(table.show.values())): ours[next(iter(table.show))]}
    titles = {
        "task": "Task",
        "measured_on": "Measured on",
        "negatives": "Negatives",
        "epoch": "Epoch",
        "runs": "Runs",
        "not_measured_because": "Not measured because",
    }
    columns |= {title: ours[key].replace("", NOTHING) for key, title in titles.items()}
    return pd.DataFrame(columns)


def _markdown_table(frame: pd.DataFrame) -> str:
    lines = [frame.columns, ["---"] * len(frame.columns), *frame.to_numpy()]
    cells = [[str(cell).replace("|", r"\|") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def markdown(frame: pd.DataFrame, table: Table, scale: Scale) -> str:
    """A page: heading, legend, source, notice, the table, and how each row was measured.

    Args:
        frame: from `fame.report.tables.build.build`.
        table: the file it was built from.
        scale: the scale it was built at.
    """
    readable, origin = display(frame, table), _provenance(frame, table)
    lacking = _reasons(frame, table)
    parts = [
        f"# {table.title}",
        *([f"> **{PARTIAL}**"] if lacking else []),
        _legend(scale),
        f"Source: {table.source}.",
        f"> **{notice(frame, scale)}**",
        _markdown_table(readable),
        *(["## What is missing", _numbered(lacking)] if lacking else []),
        "## How the rows were measured",
        _markdown_table(origin),
    ]
    return "\n\n".join(parts) + "\n"


def _numbered(texts: list[str]) -> str:
    """Notes, as code so that nothing in them is taken for markup."""
    lines = (text.replace("`", "'") for text in texts)
    return "\n".join(f"{number}. `{line}`" for number, line in enumerate(lines, 1))
