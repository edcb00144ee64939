r"""A built table as LaTeX, laid out as in the paper: grouped heads, rules, the best in bold.

Each measured column has two columns, quoted and ours, so that the two never share one.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import groupby

import pandas as pd

from fame.config.scale import Scale
from fame.config.tables import Table
from fame.report.tables.markdown import NOTHING, best, notice

PACKAGES = ("booktabs", "amssymb")
"""LaTeX packages that a document must load, for the rules and the check mark."""

YES, NO = r"$\checkmark$", r"$\times$"

Head = tuple[str, int]
"""A head as it is in the table file, and the number of columns that it spans."""

_GREEK = "alpha beta gamma delta epsilon zeta eta theta kappa mu xi pi rho sigma tau phi chi omega"

# LaTeX reads a bracket or a star at the start of a row as an argument of the `\\` before it.
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
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        "[": "{[}",
        "]": "{]}",
        "*": "{*}",
        "±": r"$\pm$",
        "×": r"$\times$",
        "–": "--",
        "—": "---",
        "…": r"\ldots{}",
    }
    | {unicodedata.lookup(f"GREEK SMALL LETTER {name}"): f"$\\{name}$" for name in _GREEK.split()}
)


def escape(text: str) -> str:
    r"""Plain text for LaTeX, on one line, without a character that LaTeX reads as a command.

    Small Greek letters become math; other non-ASCII characters are left to LaTeX's UTF-8.
    """
    return " ".join(text.split()).translate(_LATEX)


def latex(frame: pd.DataFrame, table: Table, scale: Scale) -> str:
    r"""A `table*` float for a document that loads `PACKAGES`; all text is escaped.

    Args:
        frame: from `fame.report.tables.build.build`.
        table: the file it was built from.
        scale: the scale it was built at.
    """
    packages = ", ".join(rf"\usepackage{{{package}}}" for package in PACKAGES)
    lines = [
        f"% scale: {scale.name}. In the preamble: {packages}",
        r"\begin{table*}",
        r"\centering",
        rf"\caption{{{_caption(frame, table, scale)}}}",
        rf"\label{{tab:{table.name}-{scale.name}}}",
        r"\smallskip",
        r"\footnotesize",
        r"\setlength{\tabcolsep}{3pt}",
        rf"\begin{{tabular}}{{{_alignment(table)}}}",
        r"\toprule",
        *_heads(table, scale),
        *_body(frame, table),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table*}",
    ]
    return "\n".join(lines) + "\n"


def _caption(frame: pd.DataFrame, table: Table, scale: Scale) -> str:
    number, _, title = table.title.rpartition(": ")
    origin = f" ({number} of the paper)" if re.fullmatch(r"Table \d+", number) else ""
    title = title if origin else table.title
    parts = [
        f"{title[:1].upper()}{title[1:]}{origin}.",
        f"Quoted numbers, in italics, are published ones; ours are measured {_seeds(frame, table)}"
        f"at scale {scale.name}. {NOTHING}: not published or not measured.",
        f"Bold: the best quoted and the best of ours in each column{_between(table)}.",
        f"Source: {table.source}.",
    ]
    return rf"{escape(' '.join(parts))} \textbf{{{escape(notice(frame, scale))}}}"


def _between(table: Table) -> str:
    return ", between two rules" if table.blocks else ""


def _seeds(frame: pd.DataFrame, table: Table) -> str:
    """The number of seeds behind the measured numbers, in words; empty if there are none."""
    counts = {int(n) for key in table.columns for n in frame[f"{key}_n"].dropna()}
    if not counts:
        return ""
    if counts == {1}:
        return "with one seed "
    shown = " to ".join(str(n) for n in sorted({min(counts), max(counts)}))
    return f"(mean ± standard deviation over {shown} seeds) "


def _alignment(table: Table) -> str:
    truths = _truths(table)
    columns = ["c" if key in truths else "l" for key in table.show]
    return "".join([*columns, "rr" * len(table.columns)])


def _truths(table: Table) -> set[str]:
    """The columns of `show` that hold only yes and no."""
    truths = set()
    for key in table.show:
        values = [row.show[key] for row in table.rows if row.show.get(key) is not None]
        if values and all(isinstance(value, bool) for value in values):
            truths.add(key)
    return truths


def _heads(table: Table, scale: Scale) -> Iterator[str]:
    """Rows of heads: groups of columns if there are any, columns, then `quoted` and `ours`.

    The corner shows the scale, so that its numbers are not mistaken for another's.
    """
    columns, blank = table.columns.values(), [("", 1)] * len(table.show)
    corner = rf"\multicolumn{{{len(blank)}}}{{l}}{{ours: scale {escape(scale.name)}}}"
    groups = [
        (group or "", 2 * len(list(members)))
        for group, members in groupby(columns, lambda column: column.group)
    ]
    own = [(column.head or column.title, 2) for column in columns]
    levels = [groups, own] if any(text for text, _ in groups) else [own]
    for level, heads in enumerate(levels):
        stub = [corner] if level == 0 else [""] * len(blank)
        yield _row([*stub, *map(_spanned, heads)])
        yield _rules([*blank, *heads])
    halves = ["quoted", "ours"] * len(table.columns)
    yield _row(escape(text) for text in [*table.show.values(), *halves])
    yield r"\midrule"


def _spanned(head: Head) -> str:
    text, width = head
    return rf"\multicolumn{{{width}}}{{c}}{{{escape(text)}}}"


def _rules(heads: list[Head]) -> str:
    r"""A `\cmidrule` under every head that has a text."""
    rules, start = [], 1
    for text, width in heads:
        if text:
            rules.append(rf"\cmidrule(lr){{{start}-{start + width - 1}}}")
        start += width
    return " ".join(rules)


def _body(frame: pd.DataFrame, table: Table) -> Iterator[str]:
    """A line for each row, and a rule wherever one block ends and another begins."""
    truths, blocks = _truths(table), [table.block(row) for row in table.rows]
    cells = [_shown(frame[key], key in truths) for key in table.show]
    for key, column in table.columns.items():
        lowest = column.lower_is_better
        cells += [_quoted(frame, key, blocks, lowest), _ours(frame, key, blocks, lowest)]
    for number, line in enumerate(zip(*cells, strict=True)):
        if number and blocks[number] != blocks[number - 1]:
            yield r"\midrule"
        yield _row(line)


def _row(cells: Iterable[str]) -> str:
    return " & ".join(cells) + r" \\"


def _shown(texts: "pd.Series[str]", truth: bool) -> list[str]:
    marks = {"yes": YES, "no": NO} if truth else {}
    return [marks.get(text) or escape(text or NOTHING) for text in texts]


def _quoted(frame: pd.DataFrame, key: str, blocks: list[int], lowest: bool) -> list[str]:
    """Published numbers, in italics, the best in bold."""
    values = frame[f"{key}_published"].round(1)
    texts = ["" if pd.isna(value) else rf"\textit{{{value:.1f}}}" for value in values]
    return _emboldened(texts, best(values, blocks, lowest))


def _ours(frame: pd.DataFrame, key: str, blocks: list[int], lowest: bool) -> list[str]:
    """Measured means with their deviations, the best mean in bold."""
    values, spreads = frame[f"{key}_measured"].round(1), frame[f"{key}_std"]
    texts = ["" if pd.isna(value) else f"{value:.1f}" for value in values]
    tails = [
        "" if pd.isna(spread) else rf"\,{{\scriptsize$\pm${spread:.1f}}}" for spread in spreads
    ]
    means = _emboldened(texts, best(values, blocks, lowest))
    return [mean + tail for mean, tail in zip(means, tails, strict=True)]


def _emboldened(texts: list[str], tops: "pd.Series[bool]") -> list[str]:
    """The texts, the best of them in bold."""
    bold = [rf"\textbf{{{text}}}" if top else text for text, top in zip(texts, tops, strict=True)]
    return [text or escape(NOTHING) for text in bold]
