"""The verdict rule at its boundaries."""

import pytest

from fame.report.claims.paired import ALPHA, paired
from fame.report.claims.verdicts import (
    CONTRADICTED,
    ONE_SEED,
    REPLICATED,
    UNRESOLVED,
    is_tie,
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


def test_equal_cells_are_a_tie_over_seeds_too():
    verdict = over_seeds(paired([1.0, -1, 2, -2], None), None, 1.0, 1)
    assert verdict.word == UNRESOLVED and verdict.because.startswith("a tie: both cells are equal")
    assert "tie" not in over_seeds(paired([1.0, -1, 2, -1], None), None, 1.0, 1).because


@pytest.mark.parametrize("difference", [20.0, 0.1, 0.0, -0.1, -20.0])
def test_one_seed_has_no_verdict_whatever_it_shows(difference):
    verdict = of_one_seed(difference)
    assert (verdict.word, verdict.seeds) == (ONE_SEED, None)
    assert ("tie" in verdict.because) == (difference == 0)


def test_a_tie_is_exact_but_for_rounding():
    assert is_tie(0.0) and is_tie(0.3 - 0.2 - 0.1)
    assert not is_tie(0.001) and not is_tie(float("nan"))
