"""Scores of masks against brute force, torchmetrics and closed forms."""

from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.classification import BinaryAveragePrecision

from fame.evaluate.masks.overlap import average_precision, best_possible, by_chance, overlap


def bits(*rows):
    return np.array([[letter == "1" for letter in row] for row in rows])


def test_closed_forms():
    found = overlap(bits("110000", "111111", "001100"), bits("011100", "000111", "001100"))
    np.testing.assert_allclose(found["iou"], [1 / 4, 1 / 2, 1])
    np.testing.assert_allclose(found["precision"], [1 / 2, 1 / 2, 1])
    np.testing.assert_allclose(found["recall"], [1 / 3, 1, 1])


def test_an_empty_mask_scores_nothing():
    found = overlap(bits("0000"), bits("0110"))
    assert [found[name][0] for name in ("iou", "precision", "recall")] == [0, 0, 0]


def slow_average_precision(scores, truth):
    """A point of the precision-recall curve for each distinct threshold."""
    total, last = 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        kept = [place for place, score in enumerate(scores) if score >= threshold]
        hits = sum(truth[place] for place in kept)
        recall = hits / sum(truth)
        total += (recall - last) * hits / len(kept)
        last = recall
    return total


@settings(max_examples=100)
@given(
    pairs=st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=30).filter(
        lambda pairs: any(true for _, true in pairs)
    )
)
def test_average_precision_equals_the_oracle_with_ties(pairs):
    scores, truth = (list(part) for part in zip(*pairs, strict=True))
    found = average_precision(np.array([scores]) / 4, np.array([truth]))
    assert found[0] == pytest.approx(slow_average_precision(scores, truth))


def test_average_precision_equals_torchmetrics():
    rng = np.random.default_rng(0)
    maps, truths = rng.random((6, 400)).astype(np.float32).round(2), rng.random((6, 400)) < 0.3
    for number, found in enumerate(average_precision(maps, truths)):
        expected = BinaryAveragePrecision()(
            torch.from_numpy(maps[number]), torch.from_numpy(truths[number]).long()
        )
        assert found == pytest.approx(float(expected), abs=1e-5)


def test_perfect_and_worst_and_constant_maps():
    truth = bits("11000000")
    assert average_precision(truth.astype(float), truth)[0] == 1
    # The true pixels come last, at ranks 7 and 8.
    worst = np.array([[0.0, 0.1, 1, 2, 3, 4, 5, 6]])
    assert average_precision(worst, truth)[0] == pytest.approx((1 / 7 + 2 / 8) / 2)
    assert average_precision(np.full((1, 8), 0.3), truth)[0] == pytest.approx(2 / 8)


@pytest.mark.parametrize("kept", [0, 1, 3, 6, 7])
@pytest.mark.parametrize("true", [1, 2, 5, 7])
def test_chance_and_limit_equal_all_masks_of_a_size(kept, true):
    pixels = 7
    truth = np.arange(pixels) < true
    every = np.array([np.isin(np.arange(pixels), some) for some in combinations(range(7), kept)])
    scores = overlap(every, np.broadcast_to(truth, every.shape))
    sizes = np.array([kept]), np.array([true])
    assert by_chance(pixels, *sizes)[0] == pytest.approx(scores["iou"].mean())
    limits = best_possible(*sizes)
    for name, values in scores.items():
        assert limits[name][0] == pytest.approx(values.max())


def test_chance_stays_finite_at_the_papers_size():
    pixels = 224 * 224
    found = by_chance(pixels, np.array([pixels // 2]), np.array([pixels // 5]))[0]
    # Nearly without spread: the share of the expected intersection in the expected union.
    assert found == pytest.approx(0.1 / 0.6, rel=1e-4)
