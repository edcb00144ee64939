"""Sign-flip tests, Holm's correction and the number of seeds, against slow oracles and scipy."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fame.core.errors import FameError
from fame.report.claims.paired import (
    ALPHA,
    MOST_SEEDS,
    POWER,
    Paired,
    fewest_seeds,
    holm,
    paired,
    seeds_needed,
    smallest,
    upper_tail,
)

A = [4.0, 6, 3, 5, 7, 2, 5, 4]
B = [3.0, -1, 2, 4, -2, 3, 1, 2]
C = [0.5, -0.5, 1, 0, -1, 0.5, 0, -0.5]

some = st.lists(st.integers(-40, 40), min_size=1, max_size=7)


def share(values, at_least):
    """Brute force in whole numbers: the share of sign patterns for which `at_least` holds."""
    signs = list(itertools.product((1, -1), repeat=len(values)))
    sums = [sum(s * v for s, v in zip(one, values, strict=True)) for one in signs]
    return sum(map(at_least, sums)) / len(signs)


@given(some)
def test_the_tail_equals_brute_force_whatever_the_rounding(values):
    expected = share(values, lambda total: total >= sum(values))
    assert upper_tail(values) == expected
    assert upper_tail([value / 96 * 100 for value in values]) == expected  # accuracies


@given(st.lists(st.integers(-40, 40), min_size=2, max_size=7))
def test_p_of_an_ordering_is_the_two_sided_sign_flip_p(values):
    expected = share(values, lambda total: abs(total) >= abs(sum(values)))
    found = paired(values, None)
    assert found.p == expected
    turned = paired([-value for value in values], None)
    assert (turned.p, turned.support, turned.against) == (found.p, found.against, found.support)


@pytest.mark.parametrize("values", [A, B, C, [1.5, 2.5, -0.25], [0.1, 0.2]])
@pytest.mark.parametrize("side", ["greater", "less", "two-sided"])
def test_scipy_s_permutation_test_agrees(values, side):
    found = stats.permutation_test(
        (np.array(values),),
        np.mean,
        permutation_type="samples",
        n_resamples=np.inf,
        alternative=side,
        vectorized=True,
    )
    ours = paired(values, None)
    mine = {"greater": ours.support, "less": ours.against, "two-sided": ours.p}[side]
    assert mine == pytest.approx(found.pvalue)


def test_the_smallest_p_is_reached_when_all_signs_agree():
    for n in range(2, 10):
        assert paired([1.0 + 0.1 * i for i in range(n)], None).p == 2 / 2**n
    assert paired([0.0, 0.0, 0.0], None).p == 1
    assert paired([9.0, 9.0, 9.0], None).p == 0.25


def test_mean_deviation_and_interval_are_student_s():
    found = paired(B, None)
    low, high = stats.t.interval(0.95, 7, np.mean(B), stats.sem(B))
    assert (found.mean, found.std) == pytest.approx((1.5, np.std(B, ddof=1)))
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)


def test_one_seed_has_a_mean_only():
    found = paired([3.0], None)
    assert found == Paired((3.0,), 3.0)
    assert (found.n, found.p) == (1, None)


def test_similarity_takes_both_bounds_and_the_worse_of_them():
    values = [1.0, 1.5, 0.5, 1.0, 1.2]
    found = paired(values, 2)
    assert found.support == upper_tail([2 - v for v in values]) == 1 / 32
    assert found.against == 1
    assert found.p == 2 / 32
    wider = paired([*values[:4], 2.4], 2)  # one seed outside
    assert wider.support > 1 / 32
    assert paired([-v for v in values], 2).support == found.support


def test_dissimilarity_is_found_on_either_side_and_pays_for_both():
    high = paired([5.0, 6, 7, 5, 6, 8], 2)
    low = paired([-5.0, -6, -7, -5, -6, -8], 2)
    assert high.against == low.against == 2 / 64
    assert high.p == low.p == 4 / 64
    assert high.support == 1


def test_no_difference_among_few_scattered_seeds_is_not_similarity():
    found = paired([6.0, -6, 0.5], 2)
    assert found.p is not None and found.p > ALPHA
    assert found.support is not None and found.support > ALPHA


def slow_holm(ps):
    """The step-down rule itself: at which level alpha is each hypothesis rejected?"""

    def rejected(alpha):
        done = set()
        for rank, index in enumerate(sorted(range(len(ps)), key=lambda i: ps[i])):
            if ps[index] > alpha / (len(ps) - rank) + 1e-12:
                break
            done.add(index)
        return done

    levels = sorted({min(1.0, p * k) for p in ps for k in range(1, len(ps) + 1)} | {1.0})
    return [next((a for a in levels if i in rejected(a)), 1.0) for i in range(len(ps))]


@given(st.lists(st.integers(1, 64).map(lambda k: k / 64), max_size=6))
def test_holm_equals_the_step_down_rule(ps):
    assert holm(ps) == pytest.approx(slow_holm(ps))


def test_holm_on_a_textbook_example():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


def test_fewest_seeds_is_where_the_smallest_p_reaches_the_level():
    for comparisons in (1, 2, 5, 10, 58, 60, 200):
        least = fewest_seeds(comparisons)
        assert smallest(least, comparisons) <= ALPHA < smallest(least - 1, comparisons)
    assert smallest(3, 1) == 0.25
    assert smallest(3, 60) == 1
    assert fewest_seeds(10, 4) == fewest_seeds(10) + 1


def test_more_seeds_than_the_exact_test_can_take_are_refused():
    assert upper_tail([1.0] * MOST_SEEDS) == 2.0**-MOST_SEEDS
    with pytest.raises(FameError, match=f"at most {MOST_SEEDS} seeds, not {MOST_SEEDS + 1}"):
        upper_tail([1.0] * (MOST_SEEDS + 1))


def power(n, mean, within, rng):
    """How often a lone claim is settled with n seeds, of normal differences with deviation 1."""
    found = (paired(list(rng.normal(mean, 1, n)), within).p for _ in range(400))
    return np.mean([p <= ALPHA for p in found])


@pytest.mark.parametrize(("mean", "within"), [(1.0, None), (0.0, 1.2), (2.2, 1.2)])
def test_so_many_seeds_have_about_the_power_that_was_asked_for(mean, within):
    pilot = Paired((mean, mean), mean, std=1.0)
    n = seeds_needed(pilot, within, 1)
    assert 0.7 < power(n, mean, within, np.random.default_rng(0)) < 0.95
    assert power(max(2, n // 2), mean, within, np.random.default_rng(0)) < POWER - 0.1


def test_seeds_needed_at_its_bounds():
    def needed(mean, std, within=None, comparisons=1, n=3):
        return seeds_needed(Paired((mean,) * n, mean, std), within, comparisons)

    assert needed(0.0, 1.0) is None
    assert needed(2.0, 1.0, within=2) is None
    assert needed(2.0 + 1e-13, 1.0, within=2) is None
    assert needed(5.0, 0.0) == fewest_seeds(1) == 6
    assert needed(5.0, 0.0, comparisons=50) == 11
    assert needed(5.0, 0.0, n=8) == 9  # those there are did not do
    assert needed(5.0, 0.0, within=2, comparisons=50) == 12  # outside: one more
    assert needed(1.0, 4.0) == needed(-1.0, 4.0) > needed(1.0, 2.0)


def test_the_worked_example_of_the_documentation(root):
    text = (root / "docs" / "claims.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([ABC]) \| \w+(?:, w = (\d))? \| ([^|]+) \|", text, re.M)
    values = {name: [float(x.replace("−", "-")) for x in row.split()] for name, _, row in rows}
    assert values == {"A": A, "B": B, "C": C}
    found = [paired(values[name], float(w) if w else None) for name, w, _ in rows]
    assert [one.p for one in found] == [2 / 256, 30 / 256, 2 / 256]
    assert found[1].support == 15 / 256
    assert holm([one.p for one in found]) == pytest.approx([6 / 256, 30 / 256, 6 / 256])
    assert seeds_needed(found[1], None, 3) == 23
    for shown in ("15 of the 256", "p = 0.117", "3 × 0.0078 = 0.023", "about 23 seeds"):
        assert shown in text
    shown = re.search(r"Fewest seeds for any verdict \| ([\d |]+) \|", text)[1]
    counts = re.search(r"Comparisons in the family \| ([\d |]+) \|", text)[1]
    pairs = zip(counts.split(" | "), shown.split(" | "), strict=True)
    assert all(fewest_seeds(int(m)) == int(n) for m, n in pairs)
