"""Accuracy against background reliance and against seconds of training, a dot for each seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from fame.config.claims import Place
from fame.config.scale import Scale
from fame.report.page.grid import read_csv
from fame.report.page.pairs import title
from fame.report.page.runs import Card
from fame.report.page.seeds import Seeds
from fame.report.page.svg import Axis, Panel, Series, looks
from fame.report.page.variants import Variant

PROBES = "bias.csv"
"""The numbers of the figure of bias probes, which have accuracy and reliance by seed."""

NEEDED = {"arm", "original", "dataset", "seed", "background_reliance"}


@dataclass(frozen=True)
class Scatter:
    """Panels that share a legend.

    Attributes:
        legend: a class of the style sheet and the words for each colour.
    """

    legend: tuple[tuple[str, str], ...]
    panels: tuple[Markup, ...]


def reliance(figures: Path, scale: Scale) -> Scatter | None:
    """Accuracy of the linear probe against background reliance; None if neither was measured.

    Args:
        figures: `results/<scale>/figures`, with the numbers of figures.
        scale: the scale.
    """
    if not (figures / PROBES).is_file():
        return None
    frame = read_csv(figures / PROBES, texts=["seed", "arm"])
    if not set(frame) >= NEEDED:
        return None
    seeds = frame[frame["seed"] != "all"].dropna(subset=["background_reliance", "original"])
    if seeds.empty:
        return None
    names = list(dict.fromkeys(frame["arm"].dropna()))
    y = Axis.around([0.0, 1.0, *seeds["background_reliance"]], "background reliance")
    panels = []
    for dataset, rows in seeds.groupby("dataset", sort=False):
        x = Axis.around(rows["original"], "linear probe, top-1 (%)")
        series = [_reliant(rows[rows["arm"] == name], name, names) for name in names]
        known = scale.datasets.get(str(dataset))
        panel = Panel(known.title if known else str(dataset), x, y)
        label = f"{panel.title}: background reliance by accuracy; {PROBES} has the numbers"
        panels.append(panel.dots(series, label))
    return Scatter(_legend(names), tuple(panels))


def _reliant(rows: pd.DataFrame, name: str, names: Sequence[str]) -> Series:
    points = list(zip(rows["original"], rows["background_reliance"], strict=True))
    titles = [
        f"{name}, seed {seed}: {x:.1f} %, reliance {y:.2f}"
        for seed, (x, y) in zip(rows["seed"], points, strict=True)
    ]
    return Series(points, looks(names)[names.index(name)], titles)


def _legend(names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple(zip(looks(names), names, strict=True))


def training(
    cells: Mapping[Place, Seeds],
    variants: Sequence[Variant],
    cards: Sequence[Card],
    scale: Scale,
) -> Scatter | None:
    """What each pretrained encoder reached against the seconds that its training took.

    A panel for each task, dataset and backbone on which at least two recipes were measured; None if
    there is none, or if no card says how long its training took.
    """
    seconds = {card.run: card.facts["seconds"] for card in cards if card.facts.get("seconds")}
    trained = [one for one in variants if any(run.id in seconds for run in one.runs)]
    names = _names(trained)
    of_run = {run.id: at for at, one in enumerate(trained) for run in one.runs}
    groups: dict[str, dict[str, Seeds]] = {}
    for one in cells.values():
        if one.cell.metric in ("top1", "r1") and one.run.id in of_run and one.run.pretrain:
            groups.setdefault(title(one, scale), {})[one.run.id] = one
    chosen = {name: group for name, group in groups.items() if len(group) > 1}
    used = sorted({of_run[run] for group in chosen.values() for run in group})
    legend = _legend([names[at] for at in used])
    entries = dict(zip(used, legend, strict=True))
    panels = [
        _timed(name, [(one, *entries[of_run[run]]) for run, one in group.items()], seconds)
        for name, group in chosen.items()
    ]
    return Scatter(legend, tuple(panels)) if panels else None


def _names(variants: Sequence[Variant]) -> list[str]:
    return [", ".join(filter(None, (one.method, one.backbone, one.varies))) for one in variants]


def _timed(
    name: str, group: Sequence[tuple[Seeds, str, str]], seconds: Mapping[str, float]
) -> Markup:
    series = []
    for one, look, words in group:
        runs = {run.seed: run.id for run in one.cell.runs}
        found = [(seed, value) for seed, value in one.defined.items() if runs[seed] in seconds]
        points = [(float(seconds[runs[seed]]), value) for seed, value in found]
        titles = [f"{words}, seed {seed}: {value:.1f}" for seed, value in found]
        links = [f"#card-{runs[seed]}" for seed, _ in found]
        series.append(Series(points, look, titles, links))
    xs, ys = zip(*(point for one in series for point in one.points), strict=True)
    panel = Panel(name, Axis.around([0.0, *xs], "seconds of training"), Axis.around(ys))
    return panel.dots(series, f"{name}, by seconds of training")
