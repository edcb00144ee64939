"""Training curves from metrics.jsonl: all runs of a kind over each other."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from fame.core.errors import FameError
from fame.report.page.svg import Axis, Panel, Point, Series, looks
from fame.report.page.variants import Variant

LOG = "metrics.jsonl"

FIRST = ("loss", "contrast", "accuracy", "knn", "lr")
"""Scalars in the order in which they are shown; others follow by name."""

TITLES = {
    "loss": "Loss",
    "contrast": "Contrastive accuracy (share of queries)",
    "accuracy": "Accuracy of the pretext task",
    "knn": "kNN accuracy (%)",
    "lr": "Learning rate",
}

POINTS = 160
"""Of a curve on the page; longer ones are means over equal numbers of neighbours."""


@dataclass(frozen=True)
class Curves:
    """The curves of a kind of run.

    Attributes:
        title: the kind.
        legend: a class of the style sheet and the words for each colour.
        panels: one for each scalar.
    """

    title: str
    legend: tuple[tuple[str, str], ...]
    panels: tuple[Markup, ...]


def curves(variants: Sequence[Variant], pretrain: Path) -> tuple[Curves, ...]:
    """The curves of every kind of run that left a log.

    Args:
        variants: all of them.
        pretrain: `results/<scale>/pretrain`.

    Raises:
        FameError: a log cannot be read.
    """
    kinds: dict[str, list[Variant]] = {}
    for variant in variants:
        kinds.setdefault(variant.kind, []).append(variant)
    made = (_of_kind(kind, members, pretrain) for kind, members in kinds.items())
    return tuple(one for one in made if one.panels)


def _of_kind(kind: str, variants: Sequence[Variant], pretrain: Path) -> Curves:
    by_scalar: dict[str, list[Series]] = {}
    legend = []
    names = [variant.varies or variant.method for variant in variants]
    for variant, words, look in zip(variants, names, looks(names), strict=True):
        logs = ((run.seed, pretrain / run.id / LOG) for run in variant.runs)
        found = [(seed, read(file)) for seed, file in logs if file.is_file()]
        legend += [(look, words)] if found else []
        for seed, logged in found:
            for name, points in logged.items():
                title = (f"{words}, seed {seed}",)
                by_scalar.setdefault(name, []).append(Series(points, look, title))
    scalars = sorted(by_scalar, key=lambda name: (_rank(name), name))
    return Curves(kind, tuple(legend), tuple(_panel(one, by_scalar[one], kind) for one in scalars))


def _rank(name: str) -> int:
    return FIRST.index(name) if name in FIRST else len(FIRST)


def _panel(name: str, series: Sequence[Series], kind: str) -> Markup:
    points = [point for one in series for point in one.points]
    x = Axis.around([0.0, *(x for x, _ in points)], "step")
    y = Axis.around(y for _, y in points)
    panel = Panel(TITLES.get(name, name), Axis(0.0, x.high, x.title), y)
    return panel.lines(series, f"{panel.title} by step of {len(series)} runs of {kind}")


def read(log: Path) -> dict[str, list[Point]]:
    """The scalars of a log by name, each as pairs of step and value.

    Values that are not finite are left out.

    Raises:
        FameError: a line is not a JSON object with a step.
    """
    found: dict[str, list[Point]] = {}
    for number, text in enumerate(log.read_text(encoding="utf-8").splitlines(), 1):
        try:
            scalars: Mapping[str, float] = json.loads(text)
            step = float(scalars["step"])
        except (ValueError, TypeError, KeyError):
            raise FameError(
                f"{log}: line {number} is not a step of a training; delete the run and train again"
            ) from None
        for name, value in scalars.items():
            if name != "step" and math.isfinite(value):
                found.setdefault(name, []).append((step, float(value)))
    return {name: thinned(points) for name, points in found.items()}


def thinned(points: Sequence[Point]) -> list[Point]:
    """At most `POINTS` points: means over equal numbers of neighbours."""
    size = math.ceil(len(points) / POINTS)
    return [_mean(points[at : at + size]) for at in range(0, len(points), size)]


def _mean(points: Iterable[Point]) -> Point:
    xs, ys = zip(*points, strict=True)
    return sum(xs) / len(xs), sum(ys) / len(ys)
