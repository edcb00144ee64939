"""The verdict rule at its boundaries."""

import pytest

from fame.report.claims.paired import ALPHA, paired
from fame.report.claims.verdicts import (
    CONSISTENT,
    CONTRADICTED,
    INCONSISTENT,
    REPLICATED,
    UNRESOLVED,
    of_one_seed,
    over_seeds,
)

UP = [4.0, 5, 6, 5, 4, 6]
DOWN = [-value for value in UP]
FLAT = [0.5, -0.5, 0.25, 0, -0.25, 0.1]


@pytest.mark.parametrize(
    ("values", "within", "word"),
    [
        (UP, None, REPLICATED),
        (DOWN, None, CONTRADICTED),
        (FLAT, None, UNRESOLVED),
        (FLAT, 2, REPLICATED),
    ],
)
def test_the_sign_and_the_kind_decide(values, within, word):
    found = paired(values, within)
    assert over_seeds(found, within, found.p, 1).word == word


@pytest.mark.parametrize("values", [UP, DOWN])
def test_a_similarity_is_contradicted_on_either_side(values):
    found = paired([*values, values[0]], 2)  # a seventh seed: it takes one more
    assert over_seeds(found, 2, found.p, 1).word == CONTRADICTED
    found = paired(values, 2)
    assert over_seeds(found, 2, found.p, 1).word == UNRESOLVED


def test_the_level_itself_is_enough():
    found = paired(UP, None)
    assert over_seeds(found, None, ALPHA, 1).word == REPLICATED
    assert over_seeds(found, None, ALPHA + 1e-9, 1).word == UNRESOLVED


def test_three_seeds_resolve_nothing_and_say_so():
    found = paired([30.0, 31, 32], None)
    verdict = over_seeds(found, None, 0.25, 1)
    assert (verdict.word, verdict.seeds) == (UNRESOLVED, 6)
    assert "3 seeds cannot resolve anything among 1 comparisons" in verdict.because
    assert "at least 6 can" in verdict.because
    assert "needs about 6 seeds" in verdict.because


def test_no_number_of_seeds_is_said_where_there_is_none():
    verdict = over_seeds(paired([1.0, -1, 2, -2], None), None, 1.0, 1)
    assert verdict.seeds is None
    assert "no number of seeds would do" in verdict.because


@pytest.mark.parametrize(
    ("difference", "published", "comparable", "word"),
    [
        (2.7, 5.4, True, CONSISTENT),  # exactly half
        (78.5 - 75.8 - 1e-14, 5.4, True, CONSISTENT),  # but for rounding
        (2.6, 5.4, True, INCONSISTENT),
        (-5.0, 5.4, True, INCONSISTENT),
        (20.0, 5.4, True, CONSISTENT),
        (0.1, 5.4, False, CONSISTENT),  # sizes of other worlds say nothing
        (0.1, None, True, CONSISTENT),
        (0.0, None, True, INCONSISTENT),
        (0.3 - 0.2 - 0.1, None, True, INCONSISTENT),
        (-0.1, 5.4, False, INCONSISTENT),
    ],
)
def test_one_seed_direction_and_size(difference, published, comparable, word):
    assert of_one_seed(difference, None, published, comparable).word == word


@pytest.mark.parametrize(
    ("difference", "word"),
    [(2.0, CONSISTENT), (-2.0, CONSISTENT), (2.1, INCONSISTENT), (-2.1, INCONSISTENT)],
)
def test_one_seed_of_a_similarity(difference, word):
    assert of_one_seed(difference, 2, 0.3, True).word == word


def test_one_seed_says_what_share_of_the_published_gain_it_is():
    because = of_one_seed(2.7, None, 5.4, True).because
    assert because == "one seed: +2.7, 50% of the published +5.4"
    assert of_one_seed(2.7, None, 5.4, False).because == "one seed: +2.7, direction only"
