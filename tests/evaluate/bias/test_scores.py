import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats

from fame.core.randomness import generator
from fame.evaluate.bias.scores import (
    CONDITIONS,
    LEVEL,
    RESAMPLES,
    SCORES,
    Predictions,
    above_chance,
    accuracies,
    follows_background,
    intervals,
    judge,
    pooled,
    scores,
)

NAMES = ("original", *CONDITIONS)


def predictions(classes=4, videos=40, **shown):
    labels = np.arange(videos) % classes
    donors = (np.arange(videos) + 1) % videos
    every = {name: np.asarray(shown.get(name, labels)) for name in NAMES}
    return Predictions(labels, every, donors, classes)


def test_the_worked_example_of_the_page():
    accuracy = {
        "original": 0.425,
        "background": 0.225,
        "foreground": 0.3,
        "conflict": 0.275,
        "frozen": 0.175,
        "shuffled": 0.425,
    }
    found = scores(accuracy, 0.125)
    assert found["sufficiency"] == pytest.approx(1 / 3)
    assert found["necessity"] == pytest.approx(0.5)
    assert found["background_reliance"] == pytest.approx(0.41666667)
    assert found["motion_reliance"] == pytest.approx(0.83333333)
    assert found["order_reliance"] == 0


@given(accuracy=some.lists(some.floats(0, 1), min_size=6, max_size=6), classes=some.integers(2, 50))
def test_scores_stay_in_their_range_or_are_undefined(accuracy, classes):
    given_ = dict(zip(NAMES, accuracy, strict=True))
    found = scores(given_, 1 / classes)
    defined = given_["original"] > 1 / classes
    for value in found.values():
        assert (0 <= value <= 1) if defined else math.isnan(value)


def test_accuracy_of_conflicts_leaves_out_videos_without_a_donor():
    labels = np.array([0, 1, 0, 1])
    shown = dict.fromkeys(NAMES, labels) | {"conflict": np.array([0, 1, 1, 1])}
    found = accuracies(Predictions(labels, shown, np.array([1, 0, -1, 2]), 2))
    assert found["conflict"] == 1
    assert found["original"] == 1
    none = accuracies(Predictions(labels, shown, np.full(4, -1), 2))
    assert math.isnan(none["conflict"])


def test_binomial_tail_equals_a_count_over_all_outcomes():
    """Three of five coins or more: 16 of 32 outcomes."""
    assert above_chance(3, 5, 0.5) == pytest.approx(0.5)
    assert above_chance(0, 5, 0.3) == pytest.approx(1)
    assert above_chance(5, 5, 0.1) == pytest.approx(1e-5)


@pytest.mark.parametrize(
    ("hits", "videos", "chance"), [(0, 5, 0.3), (96, 3783, 0.01), (40, 3783, 0.01), (9, 60, 0.1)]
)
def test_binomial_tail_is_scipy_s(hits, videos, chance):
    expected = stats.binomtest(hits, videos, chance, alternative="greater").pvalue
    assert above_chance(hits, videos, chance) == pytest.approx(expected, rel=1e-9)


def test_a_follower_of_the_background_and_one_of_the_foreground():
    base = predictions()
    behind = base.labels[base.donors]
    assert follows_background(predictions(conflict=behind)) == (1.0, 40)
    assert follows_background(predictions(conflict=base.labels)) == (0.0, 40)
    neither = (base.labels + 2) % 4
    value, decided = follows_background(predictions(conflict=neither))
    assert math.isnan(value)
    assert decided == 0


def test_following_needs_no_right_answers():
    """Predictions that are all wrong, but always those of the donor's background."""
    base = predictions()
    wrong = (base.labels + 1) % 4
    found = predictions(original=wrong, background=wrong, conflict=wrong[base.donors])
    assert follows_background(found) == (1.0, 40)


def test_a_background_reader_and_a_motion_reader_score_one_and_nothing():
    base = predictions()
    behind, chance = base.labels[base.donors], np.zeros(40, dtype=int)
    reader = accuracies(predictions(conflict=behind, foreground=chance))
    found = scores(reader, 0.25)
    assert (found["background_reliance"], found["motion_reliance"]) == (1, 0)
    mover = accuracies(predictions(background=chance, frozen=chance, shuffled=chance))
    found = scores(mover, 0.25)
    assert (found["background_reliance"], found["motion_reliance"]) == (0, 1)


def test_intervals_hold_the_value_and_are_keyed():
    draw = np.random.default_rng(0)
    labels = np.arange(200) % 4
    noisy = {name: np.where(draw.random(200) < 0.6, labels, 0) for name in NAMES}
    found = Predictions(labels, noisy, (np.arange(200) + 1) % 200, 4)

    def measure(rows):
        return accuracies(found, rows)

    first = intervals(found, 0, measure)
    assert first == intervals(found, 0, measure)
    for name, (low, high) in first.items():
        value = accuracies(found)[name]
        # Two binomial standard errors of 200 videos either way.
        assert low < value < high
        assert 0.08 < high - low < 0.18
    assert set(SCORES) <= set(
        intervals(found, 0, lambda rows: scores(accuracies(found, rows), 0.25))
    )


def noisy(seed, videos=80):
    """A classifier of four classes, right about 60 % of the videos in every condition."""
    draw = np.random.default_rng(seed)
    labels = np.arange(videos) % 4
    shown = {name: np.where(draw.random(videos) < 0.6, labels, 0) for name in NAMES}
    donors = np.where(np.arange(videos) % 7 == 0, -1, (np.arange(videos) + 1) % videos)
    return Predictions(labels, shown, donors, 4)


def test_pooling_keeps_donors_within_each_classifier():
    parts = [noisy(0), noisy(1), noisy(2)]
    together = pooled(parts)
    assert len(together.labels) == 240
    decided = [follows_background(part) for part in parts]
    share, count = follows_background(together)
    assert count == sum(n for _, n in decided)
    assert share == pytest.approx(sum(s * n for s, n in decided) / count)
    for name, value in accuracies(together).items():
        assert value == pytest.approx(np.mean([accuracies(part)[name] for part in parts]))


def test_copies_of_the_same_videos_make_nothing_surer():
    """Three equal classifiers know no more than one; three independent ones do."""
    one = noisy(0)
    alone = judge(one, seed=0)["details"]
    thrice = judge(pooled([one] * 3), seed=0, copies=3)["details"]
    assert thrice["intervals"] == alone["intervals"]
    assert thrice["p_above_chance"] == alone["p_above_chance"]
    independent = judge(pooled([one] * 3), seed=0)["details"]
    widths = [np.diff(d["intervals"]["motion_reliance"])[0] for d in (independent, alone)]
    assert widths[0] < widths[1]
    assert independent["p_above_chance"] < alone["p_above_chance"]


def test_a_bootstrap_draws_the_same_videos_of_every_classifier():
    """By hand: a resample's accuracy is the mean of the classifiers', on the same videos."""
    parts = [noisy(0), noisy(1), noisy(2)]
    together, draw = pooled(parts), generator(5, "bias-bootstrap")
    found = intervals(together, 5, lambda rows: accuracies(together, rows), copies=3)
    hits = np.mean([part.by_condition["original"] == part.labels for part in parts], axis=0)
    shares = [hits[draw.integers(80, size=80)].mean() for _ in range(RESAMPLES)]
    ends = np.quantile(shares, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    assert found["original"] == pytest.approx(tuple(ends))


def test_the_bootstrap_agrees_with_scipy_s():
    one = noisy(0)
    found = intervals(one, 5, lambda rows: accuracies(one, rows))
    expected = stats.bootstrap(
        (one.by_condition["original"] == one.labels,),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=LEVEL,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    assert found["original"] == pytest.approx(tuple(expected), abs=0.02)


def test_every_defined_score_has_an_interval_round_it():
    details = judge(noisy(3), seed=0)["details"]
    assert set(details["intervals"]) == set(details["scores"])
    for name, (low, high) in details["intervals"].items():
        assert low <= details["scores"][name] <= high


def test_no_donor_leaves_the_scores_that_need_one_undefined():
    base = noisy(0)
    found = judge(Predictions(base.labels, base.by_condition, np.full(80, -1), 4), seed=0)
    assert "donor" in found["details"]["undefined_because"]
    assert found["details"]["scores"]["background_reliance"] is None
    assert found["details"]["scores"]["motion_reliance"] is not None
    assert "conflict" not in found["metrics"]


def test_following_the_background_is_measured_at_chance_too():
    base = predictions()
    wrong = np.zeros(40, dtype=int)
    flat = dict.fromkeys(NAMES, wrong) | {"original": wrong + 1}
    found = judge(Predictions(base.labels, flat, base.donors, 4), seed=0)
    assert "not above chance (10 of 40" in found["details"]["undefined_because"]
    assert found["metrics"]["follows_background"] == 100
    assert found["details"]["intervals"] == {"follows_background": [1, 1]}


def test_a_perfect_classifier_stands_in_the_middle():
    """Its background suffices but is not needed, and it needs no motion (docs/bias.md)."""
    found = judge(predictions(), seed=0)["details"]["scores"]
    assert (found["sufficiency"], found["necessity"]) == (1, 0)
    assert (found["background_reliance"], found["motion_reliance"]) == (0.5, 0)
