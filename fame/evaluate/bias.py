"""Background-bias probes: a linear probe on the original clips, tested on altered ones.

The showings and the scores are defined in docs/bias.md.
"""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fame.config.scale import Linear
from fame.errors import FameError
from fame.evaluate.altered import SHOWINGS
from fame.evaluate.features import Features
from fame.evaluate.linear import choose, clips_of, fit, mean_logits
from fame.evaluate.reliance import (
    SIGNIFICANCE,
    Predictions,
    above_chance,
    accuracies,
    follows_background,
    intervals,
    scores,
)

Floats = npt.NDArray[np.float32]

ORIGINAL = "original"


def probe_bias(
    features: Features, altered: Features, settings: Linear, seed: int
) -> dict[str, Any]:
    """Train the probe on the training videos as they are, test it on every showing.

    Args:
        features: of all videos, unaltered (`extract`'s `pretraining`).
        altered: of the test videos' showings (`extract`'s `bias`).
        settings: the scale's `evaluate.linear`; the last epoch is taken.
        seed: of the probe's draws and of the bootstrap.

    Returns:
        `metrics`: top-1 in percent for `original` and each showing, and the scores that are
        defined; `details`: chance, scores with None where undefined and `undefined_because`,
        intervals of 95 %, counts; `logits` (N_test, showings, classes) float32 with the original
        first; `videos`, `labels`, `donors` (N_test,).

    Raises:
        FameError: the two files are of different encoders or videos.
    """
    _matching(features, altered)
    train, test = features.rows("train"), features.rows("test")
    lr, _, _ = choose(features, features, train, settings, seed, "cpu")
    layer = fit(clips_of(features, train, settings, "cpu"), features.count, settings, lr, seed)
    logits = np.stack(
        [
            mean_logits(layer, clips_of(shown, rows, settings, "cpu").clips)
            for shown, rows in _showings(features, altered, test)
        ],
        axis=1,
    )
    donors = _donors(altered)
    names = (ORIGINAL, *SHOWINGS)
    shown = {name: logits[:, place].argmax(axis=1) for place, name in enumerate(names)}
    found = Predictions(features.labels[test], shown, donors, features.count)
    return {
        **judged(found, seed),
        "logits": logits,
        "videos": features.videos[test],
        "labels": features.labels[test],
        "donors": donors,
    }


def judged(found: Predictions, seed: int) -> dict[str, Any]:
    """Metrics and details of a classifier's predictions; see `probe_bias`."""
    chance = 1 / found.classes
    accuracy = accuracies(found)
    value = scores(accuracy, chance)
    follows, decided = follows_background(found)
    value["follows_background"] = follows
    hits = int(found.hits()[ORIGINAL].sum())
    p = above_chance(hits, len(found.labels), chance)
    spread = intervals(found, seed, lambda rows: scores(accuracies(found, rows), chance))
    reason = None
    if p >= SIGNIFICANCE:
        reason = f"the original is not above chance ({hits} of {len(found.labels)}, p = {p:.2g})"
        value, spread = dict.fromkeys(value, math.nan) | {"follows_background": follows}, {}
    metrics = {name: 100 * number for name, number in accuracy.items()} | value
    return {
        "metrics": {name: number for name, number in metrics.items() if math.isfinite(number)},
        "details": {
            "chance": 100 * chance,
            "scores": {n: v if math.isfinite(v) else None for n, v in value.items()},
            "intervals": {n: list(ends) for n, ends in spread.items()},
            "undefined_because": reason,
            "p_above_chance": p,
            "n_test": len(found.labels),
            "n_conflict": int(found.conflicts().sum()),
            "n_decided": decided,
        },
    }


def _matching(features: Features, altered: Features) -> None:
    wanted, found = features.meta["encoder"], altered.meta["encoder"]
    if wanted != found:
        raise FameError("the altered clips were encoded by another encoder; extract both again")
    if features.videos[features.rows("test")].tolist() != altered.videos.tolist():
        raise FameError("the altered clips are of other test videos; extract both again")
    if altered.meta["showings"] != list(SHOWINGS):
        raise FameError("the altered clips hold other showings; extract them again")


def _showings(
    features: Features, altered: Features, test: npt.NDArray[np.int64]
) -> list[tuple[Features, npt.NDArray[np.int64]]]:
    """The original's altered clips and each showing, as features with the rows to take."""
    clips = altered.meta["clips"]
    original = replace(features, features=features.features[:, clips])
    every = np.arange(len(altered.labels))
    parts = np.split(altered.features, len(SHOWINGS), axis=1)
    return [(original, test)] + [(replace(altered, features=part), every) for part in parts]


def _donors(altered: Features) -> npt.NDArray[np.int64]:
    """Each video's donor as a row; -1 for none."""
    places = {video: row for row, video in enumerate(altered.videos.tolist())}
    return np.array([places.get(name, -1) for name in altered.meta["donors"]], dtype=np.int64)
