"""Every protocol on an encoder that knows all, and on one that knows nothing."""

import numpy as np
import pytest

from fame.config.reading import load_scale
from fame.evaluate.bias.scores import CONDITIONS
from fame.evaluate.features.store import Features
from fame.evaluate.tasks.bias import probe_bias
from fame.evaluate.tasks.knn import classify
from fame.evaluate.tasks.linear import probe
from fame.evaluate.tasks.retrieval import retrieve

CLASSES, TRAIN, TEST = 8, 64, 40
SETTINGS = load_scale("mini").evaluate


def features(knows, count, split, **meta):
    """`count` videos of 3 clips: one direction a class, or the same vector for all."""
    labels = np.arange(count) % CLASSES
    vectors = np.eye(CLASSES)[labels] if knows else np.ones((count, CLASSES))
    return Features(
        features=np.repeat(vectors[:, None], 3, axis=1).astype(np.float32),
        labels=labels.astype(np.int64),
        videos=np.array([f"{split}{number}" for number in range(count)]),
        groups=np.array([""] * count),
        splits=np.array([split] * count),
        classes=[f"c{number}" for number in range(CLASSES)],
        meta={"encoder": "e", "manifest": "m", "normalisation": "pretraining"} | meta,
    )


def both(knows):
    train, test = features(knows, TRAIN, "train"), features(knows, TEST, "test")
    joined = {
        name: np.concatenate([getattr(train, name), getattr(test, name)])
        for name in ("features", "labels", "videos", "groups", "splits")
    }
    return Features(**joined, classes=train.classes, meta=train.meta)


def altered(knows):
    """All conditions look like the original."""
    test = features(knows, TEST, "test")
    donors = [f"test{(number + 1) % TEST}" for number in range(TEST)]
    whole = np.tile(test.features, (1, len(CONDITIONS), 1))
    meta = {"conditions": list(CONDITIONS), "clips": [0, 1, 2], "donors": donors}
    meta |= {"foreground": "true"}
    return Features(
        whole, test.labels, test.videos, test.groups, test.splits, test.classes, test.meta | meta
    )


@pytest.mark.parametrize(("knows", "value"), [(True, 100), (False, 100 / CLASSES)])
def test_probes(knows, value):
    found = probe(both(knows), SETTINGS.linear, seed=0)
    assert found["metrics"]["top1"] == value
    metrics = probe_bias(both(knows), altered(knows), SETTINGS.linear, seed=0)["metrics"]
    assert {metrics[name] for name in ("original", *CONDITIONS)} == {value}


@pytest.mark.parametrize(("knows", "value"), [(True, 100), (False, 100 / CLASSES)])
def test_knn(knows, value):
    """All are equally near where nothing is known: a vote of one of each class."""
    settings = SETTINGS.knn.model_copy(update={"neighbours": CLASSES})
    assert classify(both(knows), settings)["metrics"]["top1"] == value


def test_retrieval():
    ranks = SETTINGS.retrieval.model_copy(update={"ranks": (1, 5), "centre": False})
    assert set(retrieve(both(True), ranks)["metrics"].values()) == {100}
    # All are equally near: the first of the gallery come first, one of each class in turn.
    assert retrieve(both(False), ranks)["metrics"] == {"r1": 100 / CLASSES, "r5": 500 / CLASSES}
