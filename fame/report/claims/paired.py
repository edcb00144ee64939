"""Paired differences over seeds: exact sign-flip tests, their correction, and how many seeds.

docs/claims.md derives what is computed here. No torch.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev

import numpy as np

from fame.core.errors import FameError
from fame.evaluate.metrics.spread import half_width

ALPHA = 0.05
"""Accepted probability of any false verdict in a family (after Holm's correction)."""

POWER = 0.8
"""Probability of a verdict that `seeds_needed` aims at."""

MOST_SEEDS = 20
"""All 2^20 flips take a hundredth of a second; each further seed doubles that."""

_SLACK = 1e-9
"""Smaller differences (of sums: smaller than this share of the largest) are rounding."""


@dataclass(frozen=True)
class Paired:
    """Statistics of paired differences.

    Attributes:
        values: one difference a seed, in percentage points.
        mean: of `values`.
        std: sample standard deviation (n - 1); None for one seed, like all below.
        low, high: 95 % interval of the mean by Student's t; a description, not the test.
        support: p of the test that would confirm the claim.
        against: p of the test that would contradict it.
    """

    values: tuple[float, ...]
    mean: float
    std: float | None = None
    low: float | None = None
    high: float | None = None
    support: float | None = None
    against: float | None = None

    @property
    def n(self) -> int:
        """The number of seeds."""
        return len(self.values)

    @property
    def p(self) -> float | None:
        """Twice the smaller of `support` and `against`; two-sided sign-flip p of an ordering."""
        if self.support is None or self.against is None:
            return None
        return min(1.0, 2 * min(self.support, self.against))


def paired(values: Sequence[float], within: float | None) -> Paired:
    """Describe and test differences.

    Args:
        values: one difference a seed, in percentage points.
        within: None tests whether they are above 0; a bound, whether they are within it.

    Raises:
        FameError: more seeds than the exact test can take.
    """
    mean = fmean(values)
    if len(values) < 2:
        return Paired(tuple(values), mean)
    std, half = stdev(values), half_width(values)
    support, against = _ordering(values) if within is None else _equivalence(values, within)
    return Paired(tuple(values), mean, std, mean - half, mean + half, support, against)


def upper_tail(values: Sequence[float]) -> float:
    """The share of the 2^n sign patterns whose sum is at least the observed one.

    It is the exact one-sided p of the null hypothesis that the differences scatter symmetrically
    about 0 (or about something below it).

    Args:
        values: n differences, 1 to 20.

    Raises:
        FameError: there are more.
    """
    if len(values) > MOST_SEEDS:
        raise FameError(
            f"claims: the exact test takes at most {MOST_SEEDS} seeds, not {len(values)}; list "
            "fewer in the scale"
        )
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    slack = _SLACK * sum(abs(value) for value in values)
    return float((sums >= sum(values) - slack).mean())


def _ordering(values: Sequence[float]) -> tuple[float, float]:
    """P for "above 0" and for "below 0"."""
    return upper_tail(values), upper_tail([-value for value in values])


def _equivalence(values: Sequence[float], within: float) -> tuple[float, float]:
    """P for "between -within and within" (both of two tests), and for "outside" (either)."""
    inside = max(
        upper_tail([value + within for value in values]),
        upper_tail([within - value for value in values]),
    )
    outside = min(
        upper_tail([value - within for value in values]),
        upper_tail([-value - within for value in values]),
    )
    return inside, min(1.0, 2 * outside)


def holm(ps: Sequence[float]) -> list[float]:
    """P-values corrected for their number (Holm 1979), in the order given.

    The i-th smallest of m is multiplied by m - i + 1; none is below a smaller one's.
    """
    order = sorted(range(len(ps)), key=lambda index: ps[index])
    corrected, floor = [0.0] * len(ps), 0.0
    for rank, index in enumerate(order):
        floor = max(floor, min(1.0, (len(ps) - rank) * ps[index]))
        corrected[index] = floor
    return corrected


def smallest(n: int, comparisons: int) -> float:
    """The smallest corrected p that `n` seeds can give in a family of so many comparisons."""
    return min(1.0, comparisons * 2 / 2**n)


def fewest_seeds(comparisons: int, tests: int = 2) -> int:
    """The fewest seeds with which a difference, if large enough, leads to a verdict.

    Args:
        comparisons: in the family.
        tests: one-sided tests that a comparison's p makes up for: 2, or 4 outside a bound.
    """
    return math.ceil(math.log2(tests * comparisons / ALPHA))


def seeds_needed(differences: Paired, within: float | None, comparisons: int) -> int | None:
    """About how many seeds would settle a claim if mean and spread stay as they are.

    A normal approximation with Guenther's (1981) correction for small n, at 80 % power and at
    the first step of Holm's correction.

    Args:
        differences: from two seeds or more.
        within: the claim's bound, if it has one.
        comparisons: in the family.

    Returns:
        More seeds than there are, or None if no number would do (the mean lies on a bound).
    """
    assert differences.std is not None
    size, outside, power = abs(differences.mean), False, POWER
    if within is not None:
        outside = size > within
        size = abs(size - within)
        power = POWER if outside else (1 + POWER) / 2
    if size < _SLACK:
        return None
    tests = 4 if outside else 2
    level = NormalDist().inv_cdf(1 - ALPHA / (tests * comparisons))
    enough = ((level + NormalDist().inv_cdf(power)) * differences.std / size) ** 2 + level**2 / 2
    return max(math.ceil(enough), fewest_seeds(comparisons, tests), differences.n + 1)
