"""Background-bias probes: a linear probe on the original clips, tested on altered ones.

docs/bias.md defines the conditions and the scores.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fame.config.evaluation import Linear
from fame.config.scale import Scale
from fame.core.errors import FameError
from fame.evaluate.bias.scores import CONDITIONS, Predictions, judge
from fame.evaluate.features.store import Features, load_in
from fame.evaluate.results import write_columns, write_result
from fame.evaluate.tasks.linear import choose, clips_of, fit, mean_logits
from fame.pipeline.paths import BIAS, features_file
from fame.pipeline.tasks import Task, origin_of_result

TASK = Task(
    does="Measure how much an encoder relies on the background and on motion (docs/bias.md).",
    settings=("evaluate.linear",),
    metrics=("background_reliance", "follows_background"),
    undefinable=("background_reliance", "follows_background"),
    features=("pretraining", "bias"),
    version=2,
)

Floats = npt.NDArray[np.float32]

ORIGINAL = "original"


def probe_bias(
    features: Features, altered: Features, settings: Linear, seed: int
) -> dict[str, Any]:
    """Train the probe on unaltered training videos, test it under every condition.

    Args:
        features: of all videos, unaltered (`extract`'s `pretraining`).
        altered: of the test videos under each condition (`extract`'s `bias`).
        settings: the scale's `evaluate.linear`; the last epoch is taken.
        seed: of the probe's draws and of the bootstrap.

    Returns:
        `metrics` and `details` as `scores.judge` says; `logits` (N_test, conditions, classes)
        float32 with the original first; `videos`, `labels`, `donors` (N_test,).

    Raises:
        FameError: the two files are of different encoders or videos, or the probe diverges.
    """
    _matching(features, altered)
    train, test = features.rows("train"), features.rows("test")
    lr, _, _ = choose(features, features, train, settings, seed, "cpu")
    layer = fit(clips_of(features, train, settings, "cpu"), features.count, settings, lr, seed)
    logits = np.stack(
        [
            mean_logits(layer, clips_of(clips, rows, settings, "cpu").clips)
            for clips, rows in _conditions(features, altered, test)
        ],
        axis=1,
    )
    if not np.isfinite(logits).all():
        raise FameError(
            f"the probe diverged at the learning rate {lr:g}; lower evaluate.linear.lrs"
        )
    donors = _donors(altered)
    names = (ORIGINAL, *CONDITIONS)
    by_condition = {name: logits[:, place].argmax(axis=1) for place, name in enumerate(names)}
    predictions = Predictions(features.labels[test], by_condition, donors, features.count)
    return {
        **judge(predictions, seed),
        "logits": logits,
        "videos": features.videos[test],
        "labels": features.labels[test],
        "donors": donors,
    }


def _matching(features: Features, altered: Features) -> None:
    if altered.meta.get("conditions") != list(CONDITIONS):
        raise FameError("the altered clips have other conditions; extract them again")
    if features.meta["encoder"] != altered.meta["encoder"]:
        raise FameError("the altered clips were encoded by another encoder; extract both again")
    same = features.meta["manifest"] == altered.meta["manifest"]
    if not same or features.videos[features.rows("test")].tolist() != altered.videos.tolist():
        raise FameError("the altered clips are of other test videos; extract both again")


def _conditions(
    features: Features, altered: Features, test: npt.NDArray[np.int64]
) -> list[tuple[Features, npt.NDArray[np.int64]]]:
    """The original and each condition, as features with the rows to take."""
    clips = altered.meta["clips"]
    original = replace(features, features=features.features[:, clips])
    every = np.arange(len(altered.labels))
    parts = np.split(altered.features, len(CONDITIONS), axis=1)
    return [(original, test)] + [(replace(altered, features=part), every) for part in parts]


def _donors(altered: Features) -> npt.NDArray[np.int64]:
    """Each video's donor as a row; -1 for none."""
    places = {video: row for row, video in enumerate(altered.videos.tolist())}
    return np.array([places.get(name, -1) for name in altered.meta["donors"]], dtype=np.int64)


def run(scale: Scale, source: Path, out: Path) -> None:
    """Probe how much an encoder relies on background and motion; also writes `bias.parquet`.

    Args:
        scale: for `evaluate.linear`.
        source: the folder of the features.
        out: the result's file.
    """
    features = load_in(source, "pretraining")
    changed = Features.load(source / features_file(BIAS))
    probed = probe_bias(features, changed, scale.evaluate.linear, features.meta["seed"])
    donors = [str(probed["videos"][row]) if row >= 0 else "" for row in probed["donors"]]
    columns = {"video": [str(video) for video in probed["videos"]], "label": probed["labels"]}
    columns["donor"] = donors
    for place, name in enumerate((ORIGINAL, *CONDITIONS)):
        columns[name] = list(probed["logits"][:, place])
    write_columns(out.with_suffix(".parquet"), columns)
    write_result(
        out,
        task="bias",
        metrics=probed["metrics"],
        details=probed["details"]
        | {"foreground": changed.meta["foreground"], **origin_of_result(scale, "bias")},
        **features.origin,
    )
