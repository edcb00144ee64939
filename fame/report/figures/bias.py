"""Background bias of several encoders: one table, one figure (docs/bias.md)."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from fame.config.scale import Scale
from fame.core.errors import FameError
from fame.core.files import replacing
from fame.evaluate.bias.scores import Predictions, judge, pooled
from fame.evaluate.results import read_result
from fame.pipeline.experiments import Experiments
from fame.pipeline.figures import Figure
from fame.report.style import PALETTE, TEXT_WIDTH, colours, save, style

FIGURE = Figure(
    title="Background bias",
    caption="A linear probe on unaltered clips, tested on altered ones (accuracy in percent), and "
    "how much each encoder relies on the background and on motion (docs/bias.md defines the "
    "scores). A row takes the test videos of all seeds together.",
    alt="Accuracy of each encoder in each condition of the test videos, and its bias scores with "
    "intervals. The table below holds the same.",
    needs="bias probes",
    settings=("note",),
    columns={
        "arm": "Encoder",
        "dataset": "Dataset",
        "seed": "Seed",
        "chance": "Chance",
        "original": "Original",
        "background": "Background only",
        "foreground": "Foreground on grey",
        "conflict": "On another background",
        "frozen": "Frozen frame",
        "shuffled": "Shuffled frames",
        "background_reliance": "Background reliance",
        "motion_reliance": "Motion reliance",
        "follows_background": "Conflicts that follow the background",
        "foreground_by": "Foreground mask",
    },
    first=("seed", "all"),
)

CONDITIONS = {
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
"""The `seed` of the row over all seeds of an arm."""

Ends = Callable[[pd.Series, str], tuple[float, float]]
"""From a row and a column to the ends of the line through its mark."""


@dataclass(frozen=True)
class Source:
    """Where an arm's results on a dataset are: one file for each seed."""

    title: str
    dataset: str
    files: tuple[Path, ...]


def table(sources: Sequence[Source], scale: Scale) -> pd.DataFrame:
    """One row for each arm, dataset and seed, and one over the seeds.

    Columns: `arm`, `dataset`, `seed` (or "all"), `n` (seeds in the row), `run`, `chance`, the
    accuracy by condition in percent and its `_std` over seeds, the scores (docs/bias.md; empty
    where undefined, and then `undefined_because`), their `_low` and `_high` of 95 %, `n_test`,
    `n_decided`, `foreground_by` (source of the masks: `true` or `fame`), and `scale`. The row over
    seeds takes all their test videos together; its intervals resample videos, not seeds.

    Raises:
        FameError: there is no source, or a result is missing or of another task.
    """
    if not sources:
        raise FameError(
            f"scale {scale.name!r} measures no background bias: it needs evaluate.bias, and one of "
            "the datasets that figures.yaml lists under bias"
        )
    rows: list[dict[str, Any]] = []
    for source in sources:
        results = [_read(file) for file in source.files]
        single = [_row(source, result) for result in results]
        rows += [*single, _over_seeds(source, results, single)]
    return pd.DataFrame(rows).assign(scale=scale.name)


def _read(file: Path) -> dict[str, Any]:
    result = read_result(file)
    if result["task"] != "bias":
        raise FameError(f"{file}: a result of the task {result['task']!r}, not of bias probes")
    return result


def _row(source: Source, result: dict[str, Any]) -> dict[str, Any]:
    row = {"arm": source.title, "dataset": source.dataset, "seed": str(result["seed"]), "n": 1}
    row |= {"run": result["run"]} | _measured(result["metrics"], result["details"])
    return row | {"foreground_by": result["details"]["foreground"]}


def _measured(metrics: dict[str, float], details: dict[str, Any]) -> dict[str, Any]:
    """The columns that `scores.judge` fills."""
    row = {"chance": details["chance"]}
    row |= {name: metrics.get(name, math.nan) for name in CONDITIONS}
    for name, value in details["scores"].items():
        row[name] = math.nan if value is None else value
        low, high = details["intervals"].get(name, (math.nan, math.nan))
        row |= {f"{name}_low": low, f"{name}_high": high}
    row |= {name: details[name] for name in ("n_test", "n_decided")}
    return row | {"undefined_because": details["undefined_because"] or ""}


def _over_seeds(
    source: Source, results: list[dict[str, Any]], single: list[dict[str, Any]]
) -> dict[str, Any]:
    """All seeds' test videos together. Mini worlds differ by seed, real videos do not."""
    predictions = pooled([_predictions(file) for file in source.files])
    same = len({result["data"] for result in results}) == 1
    judged = judge(predictions, seed=0, copies=len(results) if same else 1)
    frame = pd.DataFrame(single)
    row = {"arm": source.title, "dataset": source.dataset, "seed": POOLED, "n": len(single)}
    row |= {"run": " ".join(frame["run"])} | _measured(judged["metrics"], judged["details"])
    row |= {f"{name}_std": float(frame[name].std(ddof=1)) for name in CONDITIONS}
    return row | {"foreground_by": single[0]["foreground_by"]}


def _predictions(file: Path) -> Predictions:
    """The probe's scores under each condition, from the file beside a result."""
    kept = file.with_suffix(".parquet")
    if not kept.is_file():
        raise FameError(f"{kept}: the scores of {file.name} are gone; run fame bias again")
    frame = pd.read_parquet(kept)
    places = {video: row for row, video in enumerate(frame["video"])}
    return Predictions(
        frame["label"].to_numpy(dtype=np.int64),
        {name: np.stack(frame[name].tolist()).argmax(axis=1) for name in CONDITIONS},
        np.array([places.get(donor, -1) for donor in frame["donor"]], dtype=np.int64),
        len(frame["original"].iloc[0]),
    )


def write(frame: pd.DataFrame, scale: Scale, out: Path) -> None:
    """Write `out` (.csv), and the figure as .png and .pdf beside it."""
    with replacing(out) as file:
        file.write(frame.round(4).to_csv(index=False, lineterminator="\n").encode())
    with style():
        save(draw(frame, scale), out.with_suffix(""))


def draw(frame: pd.DataFrame, scale: Scale) -> Drawing:
    """A row of two panels for each dataset: accuracies by condition, and the scores."""
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
        _marks(row[0], chosen, CONDITIONS, _deviations)
        chance = chosen["chance"].iloc[0]
        row[0].axhline(chance, color=PALETTE["ink"], linewidth=0.6, linestyle="dotted")
        row[0].annotate("chance", (0, chance), (2, 2), textcoords="offset points", fontsize=6)
        row[0].set(title=title, ylabel="linear probe, top-1 (%)", ylim=(0, None))
        _marks(row[1], chosen, SCORES, _intervals)
        row[1].set(ylim=(-0.05, 1.05), ylabel="score")
    handles, arms = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, arms, loc="outside upper center", ncols=len(arms))
    note = (
        f"{scale.name}: {scale.note}. Small marks are seeds, large ones all seeds together. Lines: "
        "one standard deviation over seeds (left), 95 % over test videos (right). A score is left "
        "out where the original is not above chance."
    )
    figure.supxlabel(fill(note, 130), fontsize=6)
    return figure


def _marks(axis: Axes, frame: pd.DataFrame, columns: dict[str, str], ends: Ends) -> None:
    arms = list(dict.fromkeys(frame["arm"]))
    width = 0.7 / len(arms)
    for place, (arm, colour) in enumerate(zip(arms, colours(arms), strict=True)):
        chosen = frame[frame["arm"] == arm]
        single, over = chosen[chosen["seed"] != POOLED], chosen[chosen["seed"] == POOLED].iloc[0]
        x = np.arange(len(columns)) + (place - (len(arms) - 1) / 2) * width
        for values in single[list(columns)].to_numpy(dtype=float):
            axis.plot(x, values, ".", color=colour, alpha=0.4, markersize=3)
        heights = over[list(columns)].to_numpy(dtype=float)
        axis.plot(x, heights, "o", color=colour, markersize=5, label=arm)
        low, high = np.array([ends(over, name) for name in columns], dtype=float).T
        axis.vlines(x, low, high, colors=colour, linewidth=0.8)
    axis.set_xticks(np.arange(len(columns)), list(columns.values()))
    axis.set_xlim(-0.5, len(columns) - 0.5)  # also where a score is left out


def _deviations(row: pd.Series, name: str) -> tuple[float, float]:
    std = np.nan_to_num(row[f"{name}_std"])
    return row[name] - std, row[name] + std


def _intervals(row: pd.Series, name: str) -> tuple[float, float]:
    return row[f"{name}_low"], row[f"{name}_high"]


def make(experiments: Experiments, files: Mapping[str, Sequence[Path]], out: Path) -> None:
    """Write the table and the figure of a scale.

    Args:
        experiments: gives the scale.
        files: by arm, the result of the bias probes for each dataset and seed.
        out: the .png; .csv and .pdf go beside it.
    """
    scale = experiments.scale
    write(table(_sources(files), scale), scale, out.with_suffix(".csv"))


def _sources(files: Mapping[str, Sequence[Path]]) -> list[Source]:
    """The arms of each dataset, datasets in the order in which they first come."""
    by_dataset: dict[str, dict[str, list[Path]]] = {}
    for title, paths in files.items():
        for path in paths:
            arms = by_dataset.setdefault(read_result(path)["dataset"], {})
            arms.setdefault(title, []).append(path)
    return [
        Source(title, dataset, tuple(paths))
        for dataset, arms in by_dataset.items()
        for title, paths in arms.items()
    ]
