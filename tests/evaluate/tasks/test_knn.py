"""Weighted kNN: votes by hand, a slow transcription; scale, refusals, the file."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fame.config.evaluation import Knn
from fame.config.reading import load_scale
from fame.core.errors import FameError
from fame.evaluate.features.store import Features
from fame.evaluate.tasks import knn
from fame.evaluate.tasks.knn import classify, votes

META = {"normalisation": "pretraining", "seed": 0}


def features(train, test, labels, tested, classes=3):
    """Videos of one clip each, given as rows."""
    vectors = np.concatenate([train, test])[:, None].astype(np.float32)
    splits = ["train"] * len(train) + ["test"] * len(test)
    return Features(
        features=vectors,
        labels=np.array([*labels, *tested], dtype=np.int64),
        videos=np.array([f"{split}{n}" for n, split in enumerate(splits)]),
        groups=np.full(len(vectors), ""),
        splits=np.array(splits),
        classes=[f"c{number}" for number in range(classes)],
        meta={**dict.fromkeys(("run", "data", "dataset"), "m"), **META},
    )


def asked(neighbours, temperature=0.07):
    return Knn(neighbours=neighbours, temperature=temperature)


def test_votes_by_hand():
    """exp(0) = 1 for the nearest, exp(-1) for the two behind it, of one class."""
    found = votes(np.array([[2, 0, 0]]), np.array([[0.9, 0.8, 0.8]]), 3, 0.1)
    e = np.exp(-1)
    np.testing.assert_allclose(found, [[2 * e / (1 + 2 * e), 0, 1 / (1 + 2 * e)]])
    assert found.argmax() == 2
    # Warmer, the two outvote the nearest.
    assert votes(np.array([[2, 0, 0]]), np.array([[0.9, 0.8, 0.8]]), 3, 1.0).argmax() == 0


def test_a_tiny_temperature_is_the_nearest_neighbour_and_does_not_overflow():
    found = votes(np.array([[1, 0]]), np.array([[0.5, 0.4]]), 2, 1e-6)
    assert np.isfinite(found).all() and found.tolist() == [[0, 1]]


def slow(data, k, temperature):
    """One test video at a time, in plain loops; the share of the true class and the prediction."""
    unit = data.features[:, 0].astype(float)
    unit = unit / np.sqrt((unit**2).sum(axis=1))[:, None]
    train = [n for n, split in enumerate(data.splits) if split == "train"]
    shares = []
    for query in (n for n, split in enumerate(data.splits) if split == "test"):
        near = sorted(train, key=lambda n, q=query: -round(float(unit[q] @ unit[n]), 10))[:k]
        weight = [np.exp(float(unit[query] @ unit[n]) / temperature) for n in near]
        share = [0.0] * len(data.classes)
        for n, w in zip(near, weight, strict=True):
            share[data.labels[n]] += w / sum(weight)
        shares.append(share)
    return shares


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 9), st.sampled_from([0.07, 0.5, 3.0]))
def test_as_loops_say(seed, k, temperature):
    draw = np.random.default_rng(seed)
    labels, tested = draw.integers(0, 3, 9), draw.integers(0, 3, 5)
    data = features(draw.normal(size=(9, 4)), draw.normal(size=(5, 4)), labels, tested)
    found = classify(data, asked(k, temperature))
    expected = np.array(slow(data, k, temperature))
    np.testing.assert_allclose(found["scores"], expected, atol=1e-6)
    right = expected.argmax(axis=1) == tested
    assert found["metrics"]["top1"] == pytest.approx(100 * right.mean())
    assert found["metrics"]["top5"] == 100


def test_the_length_of_a_feature_does_not_matter():
    draw = np.random.default_rng(0)
    train, test = draw.normal(size=(9, 4)), draw.normal(size=(5, 4))
    labels, tested = draw.integers(0, 3, 9), draw.integers(0, 3, 5)
    scaled = features(train * draw.uniform(1, 9, (9, 1)), test * 7, labels, tested)
    one = classify(features(train, test, labels, tested), asked(4))["scores"]
    np.testing.assert_allclose(classify(scaled, asked(4))["scores"], one, atol=1e-5)


def test_more_neighbours_than_training_videos_are_refused():
    data = features(np.eye(3), np.eye(3), [0, 1, 2], [0, 1, 2])
    with pytest.raises(FameError, match=r"asks for 4 .* only 3 .*; lower evaluate\.knn\.neighb"):
        classify(data, asked(4))


def test_the_result_and_its_votes(tmp_path):
    scale = load_scale("mini")
    data = features(np.tile(np.eye(4), (3, 1)), np.eye(4)[:3], [0, 1, 2, 0] * 3, [0, 1, 0])
    data.save(tmp_path / "features-pretraining.npz")
    out = tmp_path / "knn.json"
    knn.run(scale, tmp_path, out)
    result = json.loads(out.read_text())
    assert result["metrics"]["top1"] == pytest.approx(200 / 3)
    assert result["details"]["settings"] == {"neighbours": 10, "temperature": 0.07}
    assert result["details"]["chance"] == pytest.approx(100 / 3)
    frame = pd.read_parquet(tmp_path / "knn.parquet")
    assert frame["prediction"].tolist() == [0, 1, 2]
