"""A task in one file: the accuracy of the class whose training videos' mean feature is nearest."""

from pathlib import Path

import numpy as np

from fame.config.scale import Scale
from fame.evaluate.features.store import load_in
from fame.evaluate.metrics import accuracy
from fame.evaluate.results import write_predictions, write_result
from fame.pipeline.tasks import Task, origin_of_result

TASK = Task(
    does="Classify test videos by the nearest mean of the training videos of a class.",
    settings=("evaluate.clips",),
    metrics=("top1",),
    features=("pretraining",),
)


def run(scale: Scale, source: Path, out: Path) -> None:
    """Write the accuracy in percent, and the predictions beside it."""
    features = load_in(source, "pretraining")
    train, test = features.rows("train"), features.rows("test")
    videos, labels = features.features.mean(axis=1), features.labels[test]
    means = np.stack(
        [videos[train][features.labels[train] == one].mean(axis=0) for one in range(features.count)]
    )
    scores = -np.linalg.norm(videos[test][:, None] - means, axis=2)
    write_predictions(out.with_suffix(".parquet"), features.videos[test], labels, scores)
    write_result(
        out,
        task="class_mean",
        metrics={"top1": accuracy.top(scores, labels, 1)},
        details=origin_of_result(scale, "class_mean"),
        **features.origin,
    )
