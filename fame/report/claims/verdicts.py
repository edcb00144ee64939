"""The verdict rule of docs/claims.md: from a claim's paired differences to a word. No torch."""

from dataclasses import dataclass

from fame.report.claims.paired import ALPHA, Paired, fewest_seeds, seeds_needed, smallest

REPLICATED = "replicated"
CONTRADICTED = "contradicted"
UNRESOLVED = "not resolved"
CONSISTENT = "consistent"
INCONSISTENT = "inconsistent"
NOT_MEASURED = "not measured"
MISSING = "missing"

VERDICTS = (
    REPLICATED,
    CONTRADICTED,
    UNRESOLVED,
    CONSISTENT,
    INCONSISTENT,
    NOT_MEASURED,
    MISSING,
)

SHARE = 0.5
"""Of the published gain: what a single run at a comparable scale has to reach."""


_SLACK = 1e-9
"""Percentage points that are rounding."""


@dataclass(frozen=True)
class Verdict:
    """A verdict, why, and about how many seeds would resolve the claim if these do not."""

    word: str
    because: str
    seeds: int | None = None


def over_seeds(found: Paired, within: float | None, corrected: float, comparisons: int) -> Verdict:
    """The verdict of two seeds or more.

    Args:
        found: the differences.
        within: the bound of a claim of similarity, else None.
        corrected: Holm's p of the claim.
        comparisons: on the page.
    """
    assert found.support is not None and found.against is not None
    shown = f"corrected p = {corrected:.2g} over {found.n} seeds"
    if corrected <= ALPHA:
        word = REPLICATED if found.support < found.against else CONTRADICTED
        return Verdict(word, shown)
    seeds = seeds_needed(found, within, comparisons)
    if smallest(found.n, comparisons) > ALPHA:
        shown = (
            f"{found.n} seeds cannot resolve anything among {comparisons} comparisons (at least "
            f"{fewest_seeds(comparisons)} can)"
        )
    about = "no number of seeds would do" if seeds is None else f"needs about {seeds} seeds"
    return Verdict(UNRESOLVED, f"{shown}; {about} if mean and spread stay", seeds)


def of_one_seed(
    difference: float, within: float | None, published: float | None, comparable: bool
) -> Verdict:
    """The verdict of a single seed: direction and size, no p.

    Args:
        difference: in percentage points.
        within: the bound of a claim of similarity, else None.
        published: the published gain, if there is one.
        comparable: whether the scale's numbers may be held against the published ones.
    """
    if within is not None:
        holds = abs(difference) <= within + _SLACK
        return _single(holds, f"one seed: {difference:+.1f}, bound ±{within:g}")
    if published is None or not comparable:
        return _single(difference > _SLACK, f"one seed: {difference:+.1f}, direction only")
    share = f"one seed: {difference:+.1f}, {difference / published:.0%} of the published"
    return _single(difference >= SHARE * published - _SLACK, f"{share} {published:+.1f}")


def _single(holds: bool, because: str) -> Verdict:
    return Verdict(CONSISTENT if holds else INCONSISTENT, because)
