"""A built table as text: Markdown for reading, LaTeX for a paper."""

import pandas as pd

from fame.config.scale import Scale
from fame.config.tables import Table

NOTHING = "–"

BEST_ON_TEST = "best on the test videos"
"""What a table says of a number that was selected on the videos it is measured on."""

_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "±": r"$\pm$",
        "×": r"$\times$",
        "–": "--",
    }
)


def _escape(text: str) -> str:
    """Plain text for LaTeX, without any character that LaTeX reads as a command."""
    return text.translate(_LATEX)


def _legend(scale: Scale) -> str:
    return (
        f"Cells read published / measured. A measured cell names its scale ({scale.name}) and "
        f"gives the mean ± standard deviation over n seeds; {NOTHING} means not published or not "
        "measured."
    )


def _notice(frame: pd.DataFrame, scale: Scale) -> str:
    """Whether the measured numbers may be held against the published ones, and why."""
    may = "are" if scale.comparable else "are not"
    notice = f"The {scale.name} numbers {may} comparable with the published ones: {scale.note}."
    if (frame["epoch"] == BEST_ON_TEST).any():
        notice += (
            " Accuracies are of the epoch that was best on the test videos themselves, as in the "
            "release, and are therefore too high."
        )
    return notice


def _cell(published: float, mean: float, std: float, n: int, scale: str) -> str:
    """One cell: `84.8 / mini: 44.2 ± 15.0 (n=3)`; a missing number is NaN."""
    left = NOTHING if pd.isna(published) else f"{published:.1f}"
    if pd.isna(mean):
        return f"{left} / {NOTHING}"
    spread = "" if pd.isna(std) else f" ± {std:.1f}"
    return f"{left} / {scale}: {mean:.1f}{spread} (n={n})"


def display(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The table as a reader sees it: titled columns, one text for each cell.

    Args:
        frame: from `fame.report.tables.build`.
        table: its file.
    """
    shown = {title: frame[key].replace("", NOTHING) for key, title in table.show.items()}
    for key, column in table.columns.items():
        parts = [frame[f"{key}_{kind}"] for kind in ("published", "measured", "std", "n")]
        rows = zip(*parts, frame["scale"], strict=True)
        shown[column.title] = pd.Series([_cell(*row) for row in rows], index=frame.index)
    return pd.DataFrame(shown)


def _provenance(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The rows that we measure or would measure at another scale, with how or why not."""
    ours = frame[frame["task"] != ""]
    shown = {next(iter(table.show.values())): ours[next(iter(table.show))]}
    titles = {
        "task": "Task",
        "measured_on": "Measured on",
        "negatives": "Negatives",
        "epoch": "Epoch",
        "runs": "Runs",
        "not_measured_because": "Not measured because",
    }
    shown |= {title: ours[key].replace("", NOTHING) for key, title in titles.items()}
    return pd.DataFrame(shown)


def _markdown_table(frame: pd.DataFrame) -> str:
    lines = [frame.columns, ["---"] * len(frame.columns), *frame.to_numpy()]
    cells = [[str(cell).replace("|", r"\|") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def markdown(frame: pd.DataFrame, table: Table, scale: Scale) -> str:
    """A page: heading, legend, source, notice, the table, and how each row was measured.

    Args:
        frame: from `fame.report.tables.build`.
        table: the file it was built from.
        scale: the scale it was built at.
    """
    shown, origin = display(frame, table), _provenance(frame, table)
    parts = [
        f"# {table.title}",
        _legend(scale),
        f"Source: {table.source}.",
        f"> **{_notice(frame, scale)}**",
        _markdown_table(shown),
        "## How the rows were measured",
        _markdown_table(origin),
    ]
    return "\n\n".join(parts) + "\n"


def latex(frame: pd.DataFrame, table: Table, scale: Scale) -> str:
    r"""A `table*` float for a document that loads booktabs; all text is escaped.

    Args:
        frame: from `fame.report.tables.build`.
        table: the file it was built from.
        scale: the scale it was built at.
    """
    shown = display(frame, table).map(_escape).rename(columns=_escape)
    caption = f"{table.title}. {_legend(scale)} Source: {table.source}. {_notice(frame, scale)}"
    body = shown.style.hide(axis="index").to_latex(
        hrules=True,
        environment="table*",
        position_float="centering",
        column_format="l" * len(shown.columns),
        caption=_escape(caption),
        label=f"tab:{table.name}-{scale.name}",
    )
    return f"% scale: {scale.name}. In the preamble: \\usepackage{{booktabs}}\n{body}"
