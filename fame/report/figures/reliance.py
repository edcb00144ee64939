"""Accuracy against background reliance: which pretext tasks read the scene (docs/bias.md)."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from fame.config.scale import Scale
from fame.core.errors import FameError
from fame.core.files import replacing
from fame.evaluate.results import read_result
from fame.pipeline.experiments import Experiments
from fame.pipeline.figures import Figure
from fame.report.style import COLOURS, PALETTE, TEXT_WIDTH, own_colour, save, style

FIGURE = Figure(
    title="Accuracy against background reliance",
    caption="Every method of the comparison, each on its own backbone: accuracy of a linear probe "
    "on unaltered test videos, and how much of it is there with the background alone "
    "(docs/bias.md defines the score). A small dot is a seed, a large one the mean.",
    alt="A dot for each method and seed: accuracy of a linear probe against background reliance. "
    "The table below holds the same.",
    needs="comparison",
    settings=("note",),
    columns={
        "method": "Method",
        "dataset": "Dataset",
        "seed": "Seed",
        "chance": "Chance",
        "accuracy": "Accuracy",
        "background_reliance": "Background reliance",
        "motion_reliance": "Motion reliance",
        "undefined_because": "Undefined because",
    },
)

MARKERS = "osD^vPX*"
"""For methods that share a colour, in their order."""


def table(files: Mapping[str, Sequence[Path]]) -> pd.DataFrame:
    """One row for each method, dataset and seed.

    Columns: `method`, `dataset`, `seed`, `run`, `chance` and `accuracy` (of the linear probe on
    unaltered clips, percent), `background_reliance` and `motion_reliance` (scores, empty where
    undefined, and then `undefined_because`).

    Args:
        files: results of the bias probes by method.

    Raises:
        FameError: a result is missing or of another task.
    """
    return pd.DataFrame([_row(title, file) for title, paths in files.items() for file in paths])


def _row(title: str, file: Path) -> dict[str, Any]:
    result = read_result(file)
    if result["task"] != "bias":
        raise FameError(f"{file}: a result of the task {result['task']!r}, not of bias probes")
    details = result["details"]
    row = {"method": title, "dataset": result["dataset"], "seed": result["seed"]}
    row |= {"run": result["run"], "chance": details["chance"]}
    row |= {"accuracy": result["metrics"]["original"]}
    for name in ("background_reliance", "motion_reliance"):
        score = details["scores"][name]
        row[name] = math.nan if score is None else score
    return row | {"undefined_because": details["undefined_because"] or ""}


def draw(frame: pd.DataFrame, scale: Scale) -> Drawing:
    """A panel for each dataset, in the order in which they first come.

    Args:
        frame: from `table`.
        scale: its note is printed below.
    """
    datasets = list(dict.fromkeys(frame["dataset"]))
    size = (TEXT_WIDTH, 3.0 + 0.12 * frame["method"].nunique())
    figure, axes = plt.subplots(1, len(datasets), figsize=size, sharey=True, squeeze=False)
    looks = _looks(list(dict.fromkeys(frame["method"])))
    for axis, dataset in zip(axes[0], datasets, strict=True):
        _panel(axis, frame[frame["dataset"] == dataset], looks)
        axis.set(title=scale.datasets[dataset].title, xlabel="linear probe, top-1 (%)")
    axes[0][0].set_ylabel("background reliance")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2, fontsize=6)
    note = (
        f"{scale.name}: {scale.note}. Small dots are seeds, large ones their mean. "
        f"{_left_out(frame)}Backbones differ between methods (docs/methods.md)."
    )
    figure.supxlabel(fill(note, 130), fontsize=6)
    return figure


def _looks(methods: Sequence[str]) -> dict[str, dict[str, Any]]:
    """A colour and a marker for each method; no two have both alike."""
    owned = {method: own_colour(method) for method in methods}
    spare = cycle(colour for colour in COLOURS if colour not in owned.values())
    colours = {method: own or next(spare) for method, own in owned.items()}
    taken: Counter[str] = Counter()
    looks: dict[str, dict[str, Any]] = {}
    for method, colour in colours.items():
        looks[method] = {"color": colour, "marker": MARKERS[taken[colour]]}
        taken[colour] += 1
    return looks


def _panel(axis: Axes, frame: pd.DataFrame, looks: Mapping[str, dict[str, Any]]) -> None:
    """Seeds and means of one dataset; every method has its mark in the legend."""
    for method, look in looks.items():
        chosen = frame[frame["method"] == method].dropna(subset=["background_reliance"])
        x, y = chosen["accuracy"], chosen["background_reliance"]
        axis.plot(x, y, linestyle="none", markersize=3, alpha=0.5, markeredgewidth=0, **look)
        axis.plot(x.mean(), y.mean(), linestyle="none", markersize=6, label=method, **look)
    chance = frame["chance"].iloc[0]
    axis.axvline(chance, color=PALETTE["ink"], linewidth=0.6, linestyle="dotted")
    axis.annotate("chance", (chance, 1), (2, -6), textcoords="offset points", fontsize=6)
    axis.set_ylim(-0.05, 1.05)


def _left_out(frame: pd.DataFrame) -> str:
    """How many dots are undefined; empty if none is."""
    number = int(frame["background_reliance"].isna().sum())
    why = "where the accuracy is not above chance the score is undefined"
    return f"{number} of {len(frame)} dots are left out: {why}. " if number else ""


def make(experiments: Experiments, files: Mapping[str, Sequence[Path]], out: Path) -> None:
    """Write the table and the figure of a scale.

    Args:
        experiments: gives the scale.
        files: by method, the result of the bias probes for each dataset and seed.
        out: the .png; .csv and .pdf go beside it.
    """
    frame = table(files)
    with replacing(out.with_suffix(".csv")) as file:
        file.write(frame.round(4).to_csv(index=False, lineterminator="\n").encode())
    with style():
        save(draw(frame, experiments.scale), out.with_suffix(""))
