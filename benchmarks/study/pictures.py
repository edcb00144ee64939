"""The study's pictures: what each setting gave in the search, and each arm in what followed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from benchmarks.study.plan import Arm, Plan, ablation_arms
from fame.report.style import PALETTE, TEXT_WIDTH, save, style

FEW = 4
"""Up to so many names stand upright."""

CHANCE = 12.5
"""Percent, of eight classes that are equally frequent, for a probe and for R@1."""
COLOURS = {"random": "random", "moco": "moco", "be": "other", "fame": "fame"}


def _dots(axes: Axes, place: float, values: pd.Series, colour: str) -> None:
    """Each seed a dot, their mean a line."""
    axes.plot([place] * len(values), values, "o", color=colour, alpha=0.5, markersize=3, mew=0)
    axes.plot([place - 0.18, place + 0.18], [values.mean()] * 2, color=colour, linewidth=2)


def search(plan: Plan, values: pd.DataFrame, path: Path) -> None:
    """Every candidate of every arm on the validation worlds."""
    found = values[values["stage"] == "search"]
    cells, arms = plan.stages["search"].cells, list(found["arm"].unique())
    with style():
        figure = plt.figure(figsize=(TEXT_WIDTH, 2.6))
        panels = figure.subplots(1, len(cells), sharey=True)
        for axes, cell in zip(panels, cells, strict=True):
            for number, name in enumerate(plan.candidates):
                for offset, arm in enumerate(arms):
                    rows = (found["cell"] == cell) & (found["settings"] == name)
                    place = number + (offset - (len(arms) - 1) / 2) * 0.25
                    _dots(axes, place, found[rows & (found["arm"] == arm)]["value"], _colour(arm))
            _finish(axes, cell, list(plan.candidates))
            _chance(axes)
        panels[0].set_ylabel("percent")
        _legend(plan, arms, panels[0])
        save(figure, path)


def outcome(plan: Plan, values: pd.DataFrame, stage: str, path: Path) -> None:
    """Every arm in every cell of a stage; tasks are rows, datasets columns."""
    found, cells = values[values["stage"] == stage], plan.stages[stage].cells
    rows = len(plan.stages[stage].tasks)
    with style():
        figure = plt.figure(figsize=(TEXT_WIDTH, 0.2 + 1.8 * rows))
        panels = figure.subplots(rows, len(cells) // rows, sharey=True).flat
        for axes, cell in zip(panels, cells, strict=True):
            _panel(axes, cell, found[found["cell"] == cell], plan.arms)
            if not plan.stages[stage].filmed:
                _chance(axes)
        save(figure, path)


def ablations(plan: Plan, values: pd.DataFrame, path: Path) -> None:
    """FAME and each way of merging otherwise, on the sealed worlds."""
    arms = {"fame": plan.arms["fame"], **ablation_arms(plan)}
    chosen = plan.stages["ablations"]
    found = values[values["stage"].isin(["final", "ablations"])]
    with style():
        figure = plt.figure(figsize=(TEXT_WIDTH, 2.6))
        panels = figure.subplots(1, len(chosen.cells), sharey=True)
        for axes, cell in zip(panels, chosen.cells, strict=True):
            _panel(axes, cell, found[found["cell"] == cell], arms)
            _chance(axes)
        save(figure, path)


def _panel(axes: Axes, cell: str, found: pd.DataFrame, arms: Mapping[str, Arm]) -> None:
    for number, arm in enumerate(arms):
        _dots(axes, number, found[found["arm"] == arm]["value"], _colour(arm))
    _finish(axes, cell, [arm.title for arm in arms.values()])


def _colour(arm: str) -> str:
    return PALETTE[COLOURS.get(arm, "extra")]


def _finish(axes: Axes, cell: str, names: Sequence[str]) -> None:
    axes.set_title(cell)
    if len(names) <= FEW:
        axes.set_xticks(range(len(names)), [name.replace(" ", "\n", 1) for name in names])
    else:
        axes.set_xticks(range(len(names)), names, rotation=30, ha="right")


def _chance(axes: Axes) -> None:
    axes.axhline(CHANCE, color="0.6", linewidth=0.6, linestyle=":")


def _legend(plan: Plan, arms: Sequence[str], axes: Axes) -> None:
    for arm in arms:
        axes.plot([], [], color=_colour(arm), label=plan.arms[arm].title)
    axes.legend(loc="lower center", ncols=len(arms))  # between chance and the dots
