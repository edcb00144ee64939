"""Background bias of several encoders: one table, one figure (docs/bias.md)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fame.config.scale import Scale
from fame.errors import FameError
from fame.evaluate.reliance import SIGNIFICANCE, above_chance, scores
from fame.evaluate.results import read_result
from fame.files import replacing
from fame.report.style import PALETTE, TEXT_WIDTH, colours, save, style

SHOWINGS = {
    "original": "original",
    "background": "background\nonly",
    "foreground": "foreground\non grey",
    "conflict": "on another\nbackground",
    "frozen": "frozen\nframe",
    "shuffled": "shuffled\nframes",
}
SCORES = {
    "background_reliance": "background\nreliance",
    "motion_reliance": "motion\nreliance",
    "follows_background": "conflicts\nfollow the\nbackground",
}
POOLED = "all"
"""Stands for the seed in the row of an arm's mean over its seeds."""


@dataclass(frozen=True)
class Source:
    """Where an arm's results on a dataset are: one file for each seed."""

    title: str
    dataset: str
    files: tuple[Path, ...]


def table(sources: Sequence[Source], scale: Scale) -> pd.DataFrame:
    """One row for each arm, dataset and seed, and one over the seeds.

    Columns: `arm`, `dataset`, `seed` (or "all"), `n` (seeds in the row), `run`, `chance`, the
    accuracy of each showing in percent and its `_std` over seeds, the scores (docs/bias.md; empty
    where undefined, and then `undefined_because`), for a single seed `_low` and `_high` of 95 %,
    `n_test`, `n_decided`, `foreground_by` (who told it: `true` or `fame`), and `scale`. Over seeds
    the scores follow from the mean accuracies.

    Raises:
        FameError: a result is missing or of another task.
    """
    rows: list[dict[str, Any]] = []
    for source in sources:
        results = [_read(file) for file in source.files]
        single = [_row(source, result) for result in results]
        rows += [*single, _pooled(source, results, single)]
    return pd.DataFrame(rows).assign(scale=scale.name)


def _read(file: Path) -> dict[str, Any]:
    result = read_result(file)
    if result["task"] != "bias":
        raise FameError(f"{file}: a result of the task {result['task']!r}, not of bias probes")
    return result


def _row(source: Source, result: dict[str, Any]) -> dict[str, Any]:
    details, metrics = result["details"], result["metrics"]
    row = {"arm": source.title, "dataset": source.dataset, "seed": str(result["seed"]), "n": 1}
    row |= {"run": result["run"], "chance": details["chance"]}
    row |= {name: metrics.get(name, math.nan) for name in SHOWINGS}
    for name, value in details["scores"].items():
        row[name] = math.nan if value is None else value
        low, high = details["intervals"].get(name, (math.nan, math.nan))
        row |= {f"{name}_low": low, f"{name}_high": high}
    row |= {name: details[name] for name in ("n_test", "n_decided")}
    row["foreground_by"] = details["foreground"]
    return row | {"undefined_because": details["undefined_because"] or ""}


def _pooled(
    source: Source, results: list[dict[str, Any]], single: list[dict[str, Any]]
) -> dict[str, Any]:
    first, frame = single[0], pd.DataFrame(single)
    mean = {name: float(frame[name].mean()) for name in SHOWINGS}
    std = {f"{name}_std": float(frame[name].std(ddof=1)) for name in SHOWINGS}
    videos = int(frame["n_test"].sum())
    hits = round(float((frame["original"] * frame["n_test"]).sum()) / 100)
    chance = first["chance"] / 100
    p = above_chance(hits, videos, chance)
    value = scores({name: number / 100 for name, number in mean.items()}, chance)
    reason = ""
    if p >= SIGNIFICANCE:
        value = dict.fromkeys(value, math.nan)
        reason = f"the original is not above chance ({hits} of {videos}, p = {p:.2g})"
    decided = frame["n_decided"].sum()
    followed = (frame["follows_background"].fillna(0) * frame["n_decided"]).sum()
    value["follows_background"] = float(followed / decided) if decided else math.nan
    shared = {"arm": source.title, "dataset": source.dataset, "seed": POOLED, "n": len(single)}
    shared |= {"run": " ".join(frame["run"]), "chance": first["chance"], **mean, **std, **value}
    shared |= {"n_test": videos, "n_decided": int(decided)}
    shared["foreground_by"] = first["foreground_by"]
    return shared | {"undefined_because": reason}


def write(frame: pd.DataFrame, scale: Scale, out: Path) -> None:
    """Write `out` (.csv), and the figure as .png and .pdf beside it."""
    with replacing(out) as file:
        file.write(frame.round(4).to_csv(index=False, lineterminator="\n").encode())
    with style():
        save(draw(frame, scale), out.with_suffix(""))


def draw(frame: pd.DataFrame, scale: Scale) -> Figure:
    """A row of two panels for each dataset: accuracies by showing, and the scores."""
    datasets = list(dict.fromkeys(frame["dataset"]))
    figure, axes = plt.subplots(
        len(datasets),
        2,
        figsize=(TEXT_WIDTH, 2.3 * len(datasets) + 0.5),
        width_ratios=[2, 1],
        squeeze=False,
    )
    for row, dataset in zip(axes, datasets, strict=True):
        chosen = frame[frame["dataset"] == dataset]
        title = scale.datasets[dataset].title
        _marks(row[0], chosen, SHOWINGS, spread=True)
        chance = chosen["chance"].iloc[0]
        row[0].axhline(chance, color=PALETTE["ink"], linewidth=0.6, linestyle="dotted")
        row[0].annotate("chance", (0, chance), (2, 2), textcoords="offset points", fontsize=6)
        row[0].set(title=title, ylabel="linear probe, top-1 (%)", ylim=(0, None))
        _marks(row[1], chosen, SCORES, spread=False)
        row[1].set(ylim=(-0.05, 1.05), ylabel="score")
    axes[0][0].legend(loc="upper right")
    note = f"{scale.name}: {scale.note}. Small marks are seeds, large ones the mean over them."
    figure.supxlabel(fill(note, 130), fontsize=6)
    return figure


def _marks(axis: Axes, frame: pd.DataFrame, columns: dict[str, str], spread: bool) -> None:
    arms = list(dict.fromkeys(frame["arm"]))
    width = 0.7 / len(arms)
    for place, (arm, colour) in enumerate(zip(arms, colours(arms), strict=True)):
        chosen = frame[frame["arm"] == arm]
        single, mean = chosen[chosen["seed"] != POOLED], chosen[chosen["seed"] == POOLED].iloc[0]
        x = np.arange(len(columns)) + (place - (len(arms) - 1) / 2) * width
        for values in single[list(columns)].to_numpy(dtype=float):
            axis.plot(x, values, ".", color=colour, alpha=0.4, markersize=3)
        heights = mean[list(columns)].to_numpy(dtype=float)
        axis.plot(x, heights, "o", color=colour, markersize=5, label=arm)
        if spread:
            stds = mean[[f"{name}_std" for name in columns]].to_numpy(dtype=float)
            axis.errorbar(x, heights, np.nan_to_num(stds), fmt="none", ecolor=colour, linewidth=0.8)
    axis.set_xticks(np.arange(len(columns)), list(columns.values()))
