"""How much an encoder relies on background and on motion: scores from accuracies (docs/bias.md).

No torch. Accuracies are shares in [0, 1] here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any

import numpy as np
import numpy.typing as npt

from fame.core.randomness import generator
from fame.evaluate.metrics.spread import LEVEL, RESAMPLES

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

CONDITIONS = ("background", "foreground", "conflict", "frozen", "shuffled")
"""The altered conditions, in the order in which they are encoded."""

SCORES = ("background_reliance", "motion_reliance", "order_reliance")
SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class Predictions:
    """A classifier's predictions for the test videos under each condition.

    Attributes:
        labels: (N,) true classes.
        by_condition: (N,) predictions by condition: `original` and `CONDITIONS`.
        donors: (N,) the row of the donor of a video's background; -1 for none.
        classes: their number.
    """

    labels: Integers
    by_condition: Mapping[str, Integers]
    donors: Integers
    classes: int

    def hits(self) -> dict[str, Booleans]:
        """(N,) whether the prediction is correct, by condition."""
        return {name: predicted == self.labels for name, predicted in self.by_condition.items()}

    def conflicts(self) -> Booleans:
        """(N,) whether a video has a donor; only these count for `conflict`."""
        return self.donors >= 0


def accuracies(predictions: Predictions, rows: Integers | None = None) -> dict[str, float]:
    """The share of correct predictions under each condition; of `rows` only, which may repeat.

    `conflict` counts videos with a donor; NaN if there is none.
    """
    rows = np.arange(len(predictions.labels)) if rows is None else rows
    shares = {}
    for name, hits in predictions.hits().items():
        counted = rows[predictions.conflicts()[rows]] if name == "conflict" else rows
        shares[name] = float(hits[counted].mean()) if len(counted) else nan
    return shares


def scores(accuracy: Mapping[str, float], chance: float) -> dict[str, float]:
    """The scores of docs/bias.md, each in [0, 1]; NaN unless the original is above chance.

    Args:
        accuracy: a share in [0, 1] for each condition.
        chance: 1 / classes.
    """
    lead = accuracy["original"] - chance
    if not lead > 0:
        return dict.fromkeys(("sufficiency", "necessity", *SCORES), nan)

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
    """Exact one-sided binomial p: the probability of at least so many hits by chance."""
    # Imported here, since encoding reads only the names of the conditions from this module.
    from scipy.special import bdtrc

    return float(bdtrc(hits - 1, videos, chance))


def follows_background(predictions: Predictions, rows: Integers | None = None) -> tuple[float, int]:
    """The share of conflicts decided for the background, and the number of decided conflicts.

    Only videos count whose original is predicted differently from their donor's background alone.
    The conflict is decided if it is predicted as one of these two classes. Needs no labels, so it
    is also defined for a classifier at chance; NaN and 0 if no conflict is decided. `rows` as for
    `accuracies`.
    """
    given = np.arange(len(predictions.labels)) if rows is None else rows
    given = given[predictions.conflicts()[given]]
    own = predictions.by_condition["original"][given]
    behind = predictions.by_condition["background"][predictions.donors[given]]
    met = predictions.by_condition["conflict"][given]
    differ = own != behind
    followed, kept = differ & (met == behind), differ & (met == own)
    decided = int(followed.sum() + kept.sum())
    return (float(followed.sum() / decided) if decided else nan), decided


def intervals(
    predictions: Predictions,
    seed: int,
    measure: Callable[[Integers], Mapping[str, float]],
    copies: int = 1,
) -> dict[str, tuple[float, float]]:
    """Percentile bootstrap over the test videos, at LEVEL.

    Args:
        predictions: whose videos are resampled.
        seed: of the draws.
        measure: from rows to numbers by name; resamples where one is NaN are left out for it.
        copies: the number of blocks of rows with the same videos, which are resampled together.
    """
    count = len(predictions.labels) // copies
    blocks = count * np.arange(copies)[:, None]
    draw = generator(seed, "bias-bootstrap")
    samples = (draw.integers(count, size=count) for _ in range(RESAMPLES))
    measured = [measure((blocks + sample).reshape(-1)) for sample in samples]
    tails = [100 * (1 - LEVEL) / 2, 100 * (1 + LEVEL) / 2]
    result = {}
    for name in measured[0]:
        values = np.array([values[name] for values in measured])
        values = values[np.isfinite(values)]
        low, high = np.percentile(values, tails) if len(values) else (nan, nan)
        result[name] = (float(low), float(high))
    return result


def pooled(parts: Sequence[Predictions]) -> Predictions:
    """Several classifiers' predictions, one after another; donors stay within each."""
    starts = np.cumsum([0] + [len(part.labels) for part in parts[:-1]])
    donors = [
        np.where(part.conflicts(), part.donors + start, -1)
        for part, start in zip(parts, starts, strict=True)
    ]
    return Predictions(
        np.concatenate([part.labels for part in parts]),
        {
            name: np.concatenate([part.by_condition[name] for part in parts])
            for name in parts[0].by_condition
        },
        np.concatenate(donors),
        parts[0].classes,
    )


def judge(predictions: Predictions, seed: int, copies: int = 1) -> dict[str, Any]:
    """Accuracies, scores and their intervals.

    Args:
        predictions: a classifier's predictions under each condition.
        seed: of the bootstrap.
        copies: as for `intervals`; the test against chance counts each video once.

    Returns:
        `metrics`, in percent: top-1 under each condition, and the defined scores; `details`:
        `chance` (percent), `scores` (shares; None where undefined), `undefined_because` (None if
        they are defined), `intervals` (95 %, of the defined), `p_above_chance`, `n_test`,
        `n_conflict`, `n_decided`.
    """
    chance = 1 / predictions.classes

    def measure(rows: Integers | None = None) -> dict[str, float]:
        share, _ = follows_background(predictions, rows)
        return scores(accuracies(predictions, rows), chance) | {"follows_background": share}

    value, reason, (hits, videos, p) = measure(), None, _lead(predictions, copies)
    if p >= SIGNIFICANCE:
        value = dict.fromkeys(value, nan) | {"follows_background": value["follows_background"]}
        reason = f"the original is not above chance ({hits} of {videos}, p = {p:.2g})"
    elif not predictions.conflicts().any():
        reason = "no video has a donor of another class"
    known = {name: number for name, number in value.items() if isfinite(number)}
    spread = intervals(predictions, seed, measure, copies)
    shares = accuracies(predictions)
    defined = {name: share for name, share in shares.items() if isfinite(share)} | known
    return {
        "metrics": {name: 100 * share for name, share in defined.items()},
        "details": {
            "chance": 100 * chance,
            "scores": {name: known.get(name) for name in value},
            "intervals": {name: list(spread[name]) for name in known},
            "undefined_because": reason,
            "p_above_chance": p,
            "n_test": len(predictions.labels),
            "n_conflict": int(predictions.conflicts().sum()),
            "n_decided": follows_background(predictions)[1],
        },
    }


def _lead(predictions: Predictions, copies: int) -> tuple[int, int, float]:
    """Hits of the original (the mean of the copies), distinct videos, `above_chance` of them."""
    hits = round(int(predictions.hits()["original"].sum()) / copies)
    videos = len(predictions.labels) // copies
    return hits, videos, above_chance(hits, videos, 1 / predictions.classes)
