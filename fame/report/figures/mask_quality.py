"""Mask quality over the seeds of a scale: one table, one figure."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import Literal

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from fame.config.scale import Scale
from fame.core.errors import FameError
from fame.core.files import replacing
from fame.pipeline.experiments import Experiments
from fame.pipeline.figures import Figure
from fame.report.style import PALETTE, TEXT_WIDTH, save, style

FIGURE = Figure(
    title="Mask quality",
    caption="Each mask variant against the true foreground of the generated videos: means over "
    "worlds, one for each seed.",
    alt="Intersection over union, precision, recall and average precision of the mask variants "
    "against beta. The table below holds the same.",
    needs="mask quality",
    settings=("note",),
    columns={
        "variant": "Variant",
        "beta": "beta",
        "iou": "IoU",
        "iou_std": "± over worlds",
        "iou_chance": "IoU by chance",
        "iou_limit": "IoU at best",
        "precision": "Precision",
        "recall": "Recall",
        "ap": "Average precision",
        "n": "Worlds",
        "clips": "Clips",
    },
)

KEYS = ["variant", "beta"]
METRICS = {"iou": "IoU", "precision": "Precision", "recall": "Recall", "ap": "Average precision"}

_ROLES = {"gauss": "random", "seed": "moco", "grid": "supervised", "fame": "fame"}
_NAMES = {"gauss": "Gauss", "seed": "Seed", "grid": "Grid", "fame": "FAME"}
_OTHERS = ("other", "extra", "accent")  # for a variant of the user's
_LINES: dict[str, tuple[str, Literal["dotted", "solid"]]] = {
    "limit": ("best possible for a mask of this size", "dotted"),
    "chance": ("random mask of this size", "solid"),
}
_SPREAD = 0.6  # share of the step between two betas that the variants' marks take


def read(files: Sequence[Path]) -> pd.DataFrame:
    """Read the files of `fame mask-quality` for several worlds into one table.

    Raises:
        FameError: a file is missing or another kind, names a world twice, or the worlds were not
            measured with the same variants and betas.
    """
    tables = [_read(file) for file in files]
    if not tables:
        raise FameError("There is no mask quality to summarise; give the csv files of its worlds.")
    first = tables[0]
    for file, table in zip(files, tables, strict=True):
        if not table[KEYS].equals(first[KEYS]):
            raise FameError(
                f"{file}: holds other variants or betas than {files[0]}; measure again."
            )
    whole = pd.concat(tables, ignore_index=True)
    repeated = whole[whole.duplicated(["data", *KEYS])]
    if len(repeated):
        raise FameError(f"{repeated['data'].iloc[0]} is given twice; give each world once.")
    return whole


def _read(file: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(file)
    except FileNotFoundError:
        raise FameError(f"{file}: no such file; run `fame mask-quality` first.") from None
    except (ValueError, OSError) as error:
        raise FameError(f"{file}: not a table of mask quality ({error}); make it again.") from None
    missing = {"data", "clips", "area", "cut", *KEYS, *METRICS} - set(table)
    if missing:
        raise FameError(f"{file}: lacks {', '.join(sorted(missing))}; make it again.")
    return table


def summarise(table: pd.DataFrame, scale: Scale) -> pd.DataFrame:
    """The mean over worlds, one for each seed.

    Args:
        table: from `read`.
        scale: gives the name and the dataset.

    Returns:
        A row for each variant and beta: `scale`, `dataset`, `variant`, `beta`, `cut`, `n` (worlds),
        `clips` (of all worlds), `area`, and for each metric its mean over worlds `<metric>`,
        sample standard deviation over worlds `<metric>_std` (NaN for one world),
        `<metric>_chance` and `<metric>_limit`.
    """
    groups = table.groupby(KEYS, sort=False)
    means, spreads = groups.mean(numeric_only=True), groups.std(numeric_only=True)
    result = pd.DataFrame({"cut": groups["cut"].max(), "n": groups.size()})
    result["clips"], result["area"] = groups["clips"].sum(), means["area"]
    for name in METRICS:
        result[name], result[f"{name}_std"] = means[name], spreads[name]
        for kind in ("chance", "limit"):
            result[f"{name}_{kind}"] = means[f"{name}_{kind}"]
    dataset = scale.evaluate.masks.dataset
    result.insert(0, "dataset", dataset)
    result.insert(0, "scale", scale.name)
    return result.reset_index()[["scale", "dataset", *KEYS, *result.columns[2:]]]


def write(summary: pd.DataFrame, scale: Scale, path: Path) -> list[Path]:
    """Write the summary as csv, and its figure (.png, .pdf) beside it.

    Returns:
        The files written.
    """
    with replacing(path) as file:
        summary.to_csv(file, index=False, float_format="%.6g")
    with style():
        drawn = figure(summary, _caption(summary, scale))
        return [path, *save(drawn, path.with_suffix(""))]


def _caption(summary: pd.DataFrame, scale: Scale) -> str:
    title = scale.datasets[scale.evaluate.masks.dataset].title
    text = (
        f"{title}, scale {scale.name}: mean over {summary['n'].max()} world(s) and their standard "
        "deviation. Truth of a clip: union of the true masks of its frames, "
        f"{summary['area'].mean():.0%} of the crop. "
    )
    soft = summary.loc[summary["cut"] != "mask", "variant"].unique()
    if len(soft):
        names = ", ".join(_name(variant) for variant in soft)
        text += (
            f"{names}: soft in the method, which ignores beta; scored as the highest share beta. "
        )
    note = " ".join(scale.note.split())
    return text + note[:1].upper() + note[1:] + "."


def figure(summary: pd.DataFrame, caption: str) -> Drawing:
    """IoU, precision and recall against beta, and average precision, of each variant.

    Args:
        summary: from `summarise`.
        caption: text below the figure.
    """
    drawn, axes = plt.subplots(1, 4, figsize=(TEXT_WIDTH, 2.6), sharey=True)
    for axis, metric in zip(axes[:3], list(METRICS)[:3], strict=True):
        _against_beta(axis, summary, metric)
    _average_precision(axes[3], summary)
    for axis, title in zip(axes, METRICS.values(), strict=True):
        axis.set_title(title)
        axis.set_ylim(0, 1.02)
    handles, labels = axes[0].get_legend_handles_labels()
    marks_first = handles[len(_LINES) :] + handles[: len(_LINES)]
    names = labels[len(_LINES) :] + labels[: len(_LINES)]
    drawn.legend(marks_first, names, loc="outside upper center", ncols=len(names))
    drawn.supxlabel(fill(caption, 135), fontsize=6.5, x=0.01, ha="left")
    return drawn


def _name(variant: str) -> str:
    return _NAMES.get(variant, variant)


def _colour(variant: str, number: int) -> str:
    return PALETTE[_ROLES.get(variant, _OTHERS[number % len(_OTHERS)])]


def _against_beta(axis: Axes, summary: pd.DataFrame, metric: str) -> None:
    """Marks side by side at each beta, each with its own chance and limit."""
    variants, betas = list(summary["variant"].unique()), sorted(summary["beta"].unique())
    step = _SPREAD / len(variants)
    for number, variant in enumerate(variants):
        rows = summary[summary["variant"] == variant].sort_values("beta")
        places = np.arange(len(betas)) + step * (number - (len(variants) - 1) / 2)
        _marks(axis, places, rows, metric, _colour(variant, number), _name(variant))
        _levels(axis, places, rows, metric, step, number == 0)
    axis.set_xticks(range(len(betas)), [f"{beta:g}" for beta in betas])
    axis.set_xlabel("beta")


def _marks(
    axis: Axes, places: np.ndarray, rows: pd.DataFrame, metric: str, colour: str, name: str
) -> None:
    spread = rows[f"{metric}_std"].fillna(0)
    axis.errorbar(
        places, rows[metric], spread, fmt="o", markersize=4, color=colour, capsize=2, label=name
    )


def _levels(
    axis: Axes, places: np.ndarray, rows: pd.DataFrame, metric: str, step: float, named: bool
) -> None:
    """Short lines: what a random mask of this size scores, and what such a mask can reach."""
    ends = places - step / 2, places + step / 2
    for kind, (label, line) in _LINES.items():
        axis.hlines(
            rows[f"{metric}_{kind}"],
            *ends,
            colors=PALETTE["ink"],
            linestyles=line,
            linewidth=0.9,
            label=label if named else "_nolegend_",
        )


def _average_precision(axis: Axes, summary: pd.DataFrame) -> None:
    rows = summary.drop_duplicates("variant").reset_index(drop=True)
    rows = rows[rows["ap"].notna()].reset_index(drop=True)
    colours = [_colour(variant, number) for number, variant in enumerate(rows["variant"])]
    places = np.arange(len(rows))
    axis.bar(places, rows["ap"], yerr=rows["ap_std"].fillna(0), color=colours, width=0.7, capsize=2)
    axis.hlines(rows["ap_chance"], places - 0.35, places + 0.35, colors=PALETTE["ink"])
    axis.set_xticks(places, [_name(variant) for variant in rows["variant"]])
    axis.set_xlabel("of the map before the cut")


def make(experiments: Experiments, files: Mapping[str, Sequence[Path]], out: Path) -> None:
    """Write the summary and the figure of a scale.

    Args:
        experiments: gives the scale.
        files: what `fame mask-quality` wrote for each world.
        out: the .png; .csv and .pdf go beside it.
    """
    worlds = [path for paths in files.values() for path in paths]
    write(summarise(read(worlds), experiments.scale), experiments.scale, out.with_suffix(".csv"))
