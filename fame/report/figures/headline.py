"""The primary claims, a dot for each seed: what the registered study is about. No torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D

from fame.config.claims import Place
from fame.config.tables import Table
from fame.core.files import replacing
from fame.pipeline.claims import primary_claims
from fame.pipeline.experiments import Experiments
from fame.pipeline.figures import Figure
from fame.report.claims.judge import DECIMALS, Finding, judge, tabulate
from fame.report.claims.markdown import resolution
from fame.report.claims.verdicts import ONE_SEED, is_tie
from fame.report.figures.claims import COLOURS
from fame.report.style import PALETTE, TEXT_WIDTH, footnote, save, style

FIGURE = Figure(
    title="Primary claims",
    caption="The claims that the study is about, each with a dot for every seed and a line at "
    "their mean. Differences are percentage points; right of 0 is as claimed. The verdicts are "
    "those of docs/claims.md, corrected over these claims.",
    alt="For each primary claim the paired differences of all seeds, their mean, and the verdict. "
    "The table below holds the same.",
    needs="primary claims",
    settings=("note", "comparable"),
    columns={
        "claim": "Claim",
        "verdict": "Verdict",
        "difference": "Mean difference",
        "low": "95 % from",
        "high": "to",
        "p_corrected": "p, corrected",
        "n": "Seeds",
        "because": "Why",
    },
)

ROW = 0.17
"""The height of a claim, in inches."""

INK = PALETTE["ink"]

_MEAN: dict[str, Any] = {"marker": "|", "linestyle": "", "markeredgewidth": 2, "markersize": 9}
_SEED: dict[str, Any] = {"marker": "o", "linestyle": "", "markersize": 3, "alpha": 0.45}


@dataclass(frozen=True)
class Line:
    """A claim as it is drawn.

    Attributes:
        pair: the two encoders, the heading of its panel.
        label: the evaluation and the dataset.
        differences: one a seed, in percentage points; empty if there are none.
    """

    pair: str
    label: str
    differences: tuple[float, ...]
    mean: float | None
    verdict: str


def lines(findings: Sequence[Finding], tables: Mapping[str, Table]) -> list[Line]:
    """The claims as lines, in their order."""
    return [_line(one, tables) for one in findings]


def _line(one: Finding, tables: Mapping[str, Table]) -> Line:
    claim, verdict = one.located, one.verdict
    assert verdict is not None
    word = "below" if claim.claim.kind == "less" else "above"
    better, worse = (_row(at, tables) for at in (claim.better, claim.worse))
    measured = one.differences
    label = tables[claim.better.table].columns[claim.better.column].title
    return Line(
        f"{better} {word} {worse}",
        label,
        measured.values if measured else (),
        measured.mean if measured else None,
        verdict.word,
    )


def _row(at: Place, tables: Mapping[str, Table]) -> str:
    """What a row shows, in words."""
    return ", ".join(str(value) for value in tables[at.table].rows[at.row].show.values())


def draw(drawn: Sequence[Line], title: str, note: str) -> Drawing:
    """A panel for each pair of encoders, a row for each evaluation, one axis for all.

    Args:
        drawn: from `lines`, at least one.
        title: text above.
        note: text below.
    """
    panels: dict[str, list[Line]] = {}
    for one in drawn:
        panels.setdefault(one.pair, []).append(one)
    heights = [len(rows) + 1.0 for rows in panels.values()]
    figure, axes = plt.subplots(
        len(panels),
        1,
        sharex=True,
        squeeze=False,
        figsize=(TEXT_WIDTH, ROW * (sum(heights) + 2 * len(panels)) + 1.0),
        height_ratios=heights,
    )
    for axis, (pair, rows) in zip(axes[:, 0], panels.items(), strict=True):
        axis.set_title(pair, loc="left", fontsize=8)
        _panel(axis, rows)
    axes[-1, 0].set_xlabel("difference (percentage points; right of 0: as claimed)")
    figure.legend(
        handles=_marks(), title=title, loc="outside upper center", ncols=2, title_fontsize=9
    )
    footnote(figure, note)
    return figure


def _panel(axis: Axes, rows: Sequence[Line]) -> None:
    axis.axvline(0, color=INK, linewidth=0.6)
    for place, row in enumerate(rows):
        colour = COLOURS[row.verdict]
        axis.plot(row.differences, [place] * len(row.differences), color=colour, **_SEED)
        if row.mean is not None:
            axis.plot(row.mean, place, color=colour, **_MEAN)
        right: dict[str, Any] = {"va": "center", "color": colour, "fontsize": 6}
        axis.annotate(_word(row), (1.01, place), xycoords=("axes fraction", "data"), **right)
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.set_yticks(range(len(rows)), [row.label for row in rows], fontsize=6)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)


def _word(row: Line) -> str:
    """The mean and the verdict, or why there is none."""
    if row.mean is None:
        return row.verdict
    size = "a tie" if is_tie(row.mean) else f"{row.mean:+.1f}"
    return f"{size}, {row.verdict}"


def _marks() -> list[Artist]:
    colour = COLOURS[ONE_SEED]
    return [
        Line2D([], [], color=colour, label="a seed", **_SEED),
        Line2D([], [], color=colour, label="mean", **_MEAN),
    ]


def make(experiments: Experiments, files: Mapping[str, Sequence[Path]], out: Path) -> None:
    """Judge the primary claims at a scale.

    Args:
        experiments: the scale and its tables.
        files: the results that the claims need, `<folder>/<run>/<data>/<task>.json`.
        out: the .png; .csv and .pdf go beside it.
    """
    ((first, *_), *_) = files.values()
    scale = experiments.scale
    findings = judge(experiments, primary_claims(experiments), first.parents[2])
    frame = tabulate(findings, experiments)
    with replacing(out.with_suffix(".csv")) as file:
        file.write(frame.round(DECIMALS).to_csv(index=False, lineterminator="\n").encode())
    note = f"{resolution(frame)} All of it is about {frame['about'].iloc[0].rstrip('.')}."
    with style():
        drawn = lines(findings, experiments.tables)
        save(draw(drawn, f"Primary claims at the {scale.name} scale", note), out.with_suffix(""))
