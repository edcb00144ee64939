"""The forest plot of claims: measured differences beside the published ones. No torch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import shorten
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from fame.config.claims import CLAIMS, PRIMARY, load_claims
from fame.config.scale import Scale
from fame.core.files import replacing
from fame.pipeline.experiments import Experiments
from fame.pipeline.figures import Figure
from fame.report.claims.judge import DECIMALS, Finding, judge, tabulate
from fame.report.claims.markdown import markdown
from fame.report.claims.verdicts import (
    CONTRADICTED,
    MISSING,
    NOT_MEASURED,
    ONE_SEED,
    REPLICATED,
    UNRESOLVED,
    is_tie,
)
from fame.report.style import PALETTE, TEXT_WIDTH, footnote, save, style

FIGURE = Figure(
    title="Claims",
    caption="Every ordering that the paper's tables assert, and some of our own, judged by the "
    "rule of docs/claims.md. Differences are percentage points, by which the better is better; "
    "p is Holm's, corrected within the family of primary or secondary claims. A verdict is about "
    "this scale's data and nothing else.",
    alt="A forest plot: for each claim the published difference and the measured one with its "
    "95 % interval, and the verdict. The table below holds the same.",
    needs="claims",
    settings=("note", "comparable"),
)

COLOURS = {
    REPLICATED: PALETTE["supervised"],
    CONTRADICTED: PALETTE["fame"],
    UNRESOLVED: PALETTE["moco"],
    ONE_SEED: PALETTE["random"],
    NOT_MEASURED: PALETTE["random"],
    MISSING: PALETTE["random"],
}
"""By verdict; each row also has the word, so that nothing depends on colour alone."""

HOLLOW: dict[str, Any] = {
    "color": PALETTE["ink"],
    "markerfacecolor": "white",
    "markeredgewidth": 0.7,
    "markersize": 3.5,
}
"""How a published gain is marked."""

ROW = 0.17
"""The height of a claim, in inches."""

Limits = tuple[float, float]

_LONGEST = 58
"""Letters of a claim's text that fit beside the plot."""


def draw(frame: pd.DataFrame, scale: Scale, titles: Mapping[str, str]) -> Drawing:
    """A panel for each table, a line for each claim, one axis of percentage points for all.

    A filled dot is the mean difference over seeds and its line the 95 % interval (cut at the
    panel's edge, with an arrow), ticks are seeds, a hollow diamond is the published gain, a
    grey band what a claim of similarity allows.

    Args:
        frame: from `fame.report.claims.judge.tabulate`.
        scale: at which it was measured.
        titles: of the tables, by name.
    """
    groups = [(str(name), rows) for name, rows in frame.groupby("table", sort=False)]
    heights = [len(rows) + 1.0 for _, rows in groups]
    figure, axes = plt.subplots(
        len(groups),
        1,
        sharex=True,
        squeeze=False,
        figsize=(TEXT_WIDTH, ROW * (sum(heights) + 2 * len(groups)) + 1.0),
        height_ratios=heights,
    )
    limits = reach(frame)
    for axis, (name, rows) in zip(axes[:, 0], groups, strict=True):
        primary = " (primary claims)" if (rows["family"] == PRIMARY).all() else ""
        axis.set_title(f"{titles[name]}{primary}", loc="left", fontsize=8)
        _panel(axis, rows, limits)
    axes[-1, 0].set_xlabel("difference (percentage points; right of 0: as claimed)")
    title = f"Claims at the {scale.name} scale"
    figure.legend(
        handles=_marks(), title=title, loc="outside upper center", ncols=4, title_fontsize=9
    )
    footnote(figure, f"All of it is about {frame['about'].iloc[0].rstrip('.')}.")
    return figure


def reach(frame: pd.DataFrame) -> Limits:
    """The ends of the axis: 0, all means, seeds, published gains and bands are inside."""
    seeds = [float(value) for value in " ".join(frame["by_seed"]).split()]
    drawn = [*frame["difference"], *frame["published"], *frame["within"], *-frame["within"], *seeds]
    values = np.array([value for value in drawn if np.isfinite(value)] + [-1.0, 1.0])
    margin = 0.08 * float(np.ptp(values))
    return float(values.min()) - margin, float(values.max()) + margin


def _panel(axis: Axes, frame: pd.DataFrame, limits: Limits) -> None:
    axis.axvline(0, color=PALETTE["ink"], linewidth=0.6)
    for place, (_, row) in enumerate(frame.iterrows()):
        _claim(axis, place, row, limits)
    axis.set(xlim=limits, ylim=(len(frame) - 0.4, -0.6))
    texts = [shorten(text, _LONGEST, placeholder=" ...") for text in frame["claim"]]
    axis.set_yticks(range(len(frame)), texts, fontsize=6)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)


def _claim(axis: Axes, place: int, row: "pd.Series", limits: Limits) -> None:
    colour = COLOURS[row["verdict"]]
    if pd.notna(row["within"]):
        band: dict[str, Any] = {
            "alpha": 0.18,
            "color": PALETTE["random"],
            "linewidth": 0,
            "zorder": 0,
        }
        axis.barh(place, 2 * row["within"], left=-row["within"], height=0.8, **band)
    if pd.notna(row["low"]):
        _interval(axis, place, (row["low"], row["high"]), limits, colour)
    seeds = [float(value) for value in row["by_seed"].split()]
    if len(seeds) > 1:
        axis.plot(seeds, [place] * len(seeds), "|", color=colour, markersize=5)
    if pd.notna(row["published"]):
        axis.plot(row["published"], place, "D", zorder=3, **HOLLOW)
    if pd.notna(row["difference"]):
        axis.plot(row["difference"], place, "o", color=colour, markersize=4, zorder=4)
    word = row["verdict"]
    if is_tie(row["difference"]):
        word += ", a tie"
    if pd.notna(row["seeds_needed"]):
        word += f" (needs about {row['seeds_needed']:,})"
    right: dict[str, Any] = {"va": "center", "color": colour, "fontsize": 6}
    axis.annotate(word, (1.01, place), xycoords=("axes fraction", "data"), **right)


def _interval(
    axis: Axes, place: int, bounds: tuple[float, float], limits: Limits, colour: str
) -> None:
    """A line from bound to bound; an arrow head where it goes on beyond the panel."""
    edge = 0.008 * (limits[1] - limits[0])
    low, high = (float(np.clip(x, limits[0] + edge, limits[1] - edge)) for x in bounds)
    axis.plot([low, high], [place, place], color=colour, linewidth=0.9)
    for bound, end, marker in ((bounds[0], low, "<"), (bounds[1], high, ">")):
        if bound != end:
            axis.plot(end, place, marker, color=colour, markersize=3)


def _marks() -> list[Artist]:
    blue = PALETTE["moco"]
    return [
        Line2D([], [], marker="o", color=blue, markersize=4, label="measured mean, 95 %"),
        Line2D([], [], marker="|", linestyle="", color=blue, markersize=5, label="seeds"),
        Line2D([], [], marker="D", linestyle="", label="published", **HOLLOW),
        Patch(color=PALETTE["random"], alpha=0.18, linewidth=0, label="similar: the bound"),
    ]


def write(findings: Sequence[Finding], experiments: Experiments, out: Path) -> list[Path]:
    """Write the verdicts as `out` (.csv), and a page (.md) and a figure (.png, .pdf) beside it.

    Raises:
        FameError: if a file cannot be written; each is whole or untouched.
    """
    frame, scale = tabulate(findings, experiments), experiments.scale
    titles = {name: table.title for name, table in experiments.tables.items()}
    texts = {
        ".csv": frame.round(DECIMALS).to_csv(index=False, lineterminator="\n"),
        ".md": markdown(frame, scale, titles),
    }
    for suffix, text in texts.items():
        with replacing(out.with_suffix(suffix)) as file:
            file.write(text.encode())
    with style():
        pictures = save(draw(frame, scale, titles), out.with_suffix(""))
    return [out.with_suffix(suffix) for suffix in texts] + pictures


def make(experiments: Experiments, files: Mapping[str, Sequence[Path]], out: Path) -> None:
    """Judge the project's claims at a scale.

    Args:
        experiments: the scale and its tables.
        files: the results that the tables' cells need, `<folder>/<run>/<data>/<task>.json`.
        out: the .png; .csv, .md and .pdf go beside it.
    """
    ((first, *_), *_) = files.values()
    claims = load_claims(CLAIMS, experiments.tables)
    findings = judge(experiments, claims, first.parents[2])
    write(findings, experiments, out.with_suffix(".csv"))
