"""Weighted nearest-neighbour classification of frozen features: nothing is trained. NumPy only.

Not in the paper; the usual check of self-supervised features (Wu et al., CVPR 2018, section 3.4;
20 neighbours as in Caron et al., ICCV 2021). A test video's k nearest training videos by cosine
vote for their classes, each with the weight exp(cosine / temperature).
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fame.config.evaluation import Knn
from fame.config.scale import Scale
from fame.core.errors import FameError
from fame.evaluate.features.store import Features, load_in
from fame.evaluate.metrics import accuracy
from fame.evaluate.results import write_predictions, write_result
from fame.evaluate.tasks.retrieval import embed, neighbours
from fame.pipeline.tasks import Task, origin_of_result

TASK = Task(
    does="Classify test videos by their nearest training videos and write the accuracy.",
    settings=("evaluate.knn",),
    metrics=("top1", "top5"),
    features=("pretraining",),
)

Floats = npt.NDArray[np.float64]


def votes(
    labels: npt.NDArray[np.int64], cosines: Floats, classes: int, temperature: float
) -> Floats:
    """The share of each class in the votes of each query's neighbours.

    Args:
        labels: (Q, k) classes of the neighbours.
        cosines: (Q, k) in [-1, 1].
        classes: number of classes.
        temperature: positive; the smaller, the more the nearest ones decide.

    Returns:
        (Q, classes) in [0, 1]; each row sums to 1.
    """
    # Relative to the nearest neighbour, so that a small temperature does not overflow.
    weights = np.exp((cosines - cosines.max(axis=1, keepdims=True)) / temperature)
    found = np.zeros((len(labels), classes))
    np.add.at(found, (np.arange(len(labels))[:, None], labels), weights)
    return found / weights.sum(axis=1, keepdims=True)


def classify(features: Features, settings: Knn) -> dict[str, Any]:
    """Classify the test videos by the training videos.

    Args:
        features: with the splits "train" and "test"; a video is the mean of its unit clips.
        settings: the scale's `evaluate.knn`.

    Returns:
        `metrics`: `top1` and `top5` in percent; `details`: `chance` (percent, 100 / classes),
        sizes and settings; and the arrays `videos`, `labels` (Q,) and `scores` (Q, classes), the
        shares of the votes.

    Raises:
        FameError: a split is empty or lacks labels, or there are fewer training videos than
            neighbours.
    """
    train, test = features.rows("train"), features.rows("test")
    if settings.neighbours > len(train):
        raise FameError(
            f"knn.neighbours asks for {settings.neighbours} neighbours but there are only "
            f"{len(train)} training videos; lower evaluate.knn.neighbours"
        )
    queries, gallery = (embed(features.features[rows], centre=False) for rows in (test, train))
    nearest, cosines = neighbours(queries, gallery, settings.neighbours)
    voters, labels = features.labels[train][nearest], features.labels[test]
    scores = votes(voters, cosines, features.count, settings.temperature)
    return {
        "metrics": {f"top{k}": accuracy.top(scores, labels, k) for k in (1, 5)},
        "details": {
            "chance": 100 / features.count,
            "untrained": features.untrained,
            "n_train": len(train),
            "n_test": len(test),
            **settings.model_dump(),
        },
        "videos": features.videos[test],
        "labels": labels,
        "scores": scores,
    }


def run(scale: Scale, source: Path, out: Path) -> None:
    """Classify by neighbours; writes the result and, beside it, `knn.parquet` with the votes.

    `source` is the folder of the features, `out` the result's file.
    """
    features = load_in(source, "pretraining")
    found = classify(features, scale.evaluate.knn)
    write_predictions(
        out.with_suffix(".parquet"), found["videos"], found["labels"], found["scores"]
    )
    write_result(
        out,
        task="knn",
        metrics=found["metrics"],
        details=found["details"] | origin_of_result(scale, "knn"),
        **features.origin,
    )
