"""How much an encoder leans on background and on motion: scores from accuracies (docs/bias.md).

NumPy only. Accuracies are shares in [0, 1] here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import exp, lgamma, log, log1p

import numpy as np
import numpy.typing as npt

from fame.draws import generator

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

SCORES = ("background_reliance", "motion_reliance", "order_reliance")
RESAMPLES = 2000
LEVEL = 0.95
SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class Predictions:
    """What a classifier says of the test videos in each showing.

    Attributes:
        labels: (N,) true classes.
        shown: (N,) predictions by showing: `original` and `altered.SHOWINGS`.
        donors: (N,) the row whose background a video was given; -1 for none.
        classes: their number.
    """

    labels: Integers
    shown: Mapping[str, Integers]
    donors: Integers
    classes: int

    def hits(self) -> dict[str, Booleans]:
        """(N,) whether each showing is classified rightly."""
        return {name: found == self.labels for name, found in self.shown.items()}

    def conflicts(self) -> Booleans:
        """(N,) whether a video has a donor; the others say nothing about `conflict`."""
        return self.donors >= 0


def accuracies(predictions: Predictions, rows: Integers | None = None) -> dict[str, float]:
    """The share of right predictions in each showing; of `rows` only, which may repeat.

    `conflict` counts videos with a donor; NaN if there is none.
    """
    rows = np.arange(len(predictions.labels)) if rows is None else rows
    found = {}
    for name, hits in predictions.hits().items():
        asked = rows[predictions.conflicts()[rows]] if name == "conflict" else rows
        found[name] = float(hits[asked].mean()) if len(asked) else float("nan")
    return found


def scores(accuracy: Mapping[str, float], chance: float) -> dict[str, float]:
    """The scores of docs/bias.md, each in [0, 1]; NaN unless the original is above chance.

    Args:
        accuracy: a share in [0, 1] for each showing.
        chance: 1 / classes.
    """
    lead = accuracy["original"] - chance
    if not lead > 0:
        return dict.fromkeys(("sufficiency", "necessity", *SCORES), float("nan"))

    def share(value: float) -> float:
        return float(np.clip(value / lead, 0, 1))

    sufficiency = share(accuracy["background"] - chance)
    necessity = share(accuracy["original"] - accuracy["conflict"])
    return {
        "sufficiency": sufficiency,
        "necessity": necessity,
        "background_reliance": (sufficiency + necessity) / 2,
        "motion_reliance": share(accuracy["original"] - accuracy["frozen"]),
        "order_reliance": share(accuracy["original"] - accuracy["shuffled"]),
    }


def above_chance(hits: int, videos: int, chance: float) -> float:
    """Exact one-sided binomial p: how likely chance alone gives so many hits, or more."""

    def ways(count: int) -> float:
        return lgamma(videos + 1) - lgamma(count + 1) - lgamma(videos - count + 1)

    # In logarithms: the number of ways overflows for a thousand videos.
    tail = (
        exp(ways(count) + count * log(chance) + (videos - count) * log1p(-chance))
        for count in range(hits, videos + 1)
    )
    return min(1.0, sum(tail))


def follows_background(predictions: Predictions) -> tuple[float, int]:
    """How often a conflict is decided for the background, and in how many it is decided.

    Of the videos whose own prediction differs from that of their donor's background alone,
    those count whose conflict is predicted as either. Needs no labels, so it is defined for a
    classifier at chance too; NaN and 0 if no conflict is decided.
    """
    given = np.flatnonzero(predictions.conflicts())
    own = predictions.shown["original"][given]
    behind = predictions.shown["background"][predictions.donors[given]]
    met = predictions.shown["conflict"][given]
    differ = own != behind
    followed, kept = differ & (met == behind), differ & (met == own)
    decided = int(followed.sum() + kept.sum())
    return (float(followed.sum() / decided) if decided else float("nan")), decided


def intervals(
    predictions: Predictions, seed: int, measure: Callable[[Integers], Mapping[str, float]]
) -> dict[str, tuple[float, float]]:
    """Percentile bootstrap over the test videos, LEVEL of it within.

    Args:
        predictions: whose videos are resampled.
        seed: of the draws.
        measure: from rows to numbers by name; resamples where one is NaN are left out for it.
    """
    count = len(predictions.labels)
    draw = generator(seed, "bias-bootstrap")
    found = [measure(draw.integers(count, size=count)) for _ in range(RESAMPLES)]
    tails = [100 * (1 - LEVEL) / 2, 100 * (1 + LEVEL) / 2]
    result = {}
    for name in found[0]:
        values = np.array([values[name] for values in found])
        values = values[np.isfinite(values)]
        low, high = np.percentile(values, tails) if len(values) else (np.nan, np.nan)
        result[name] = (float(low), float(high))
    return result
