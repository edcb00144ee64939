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
"""Share of the published gain that a single run at a comparable scale must reach."""


_SLACK = 1e-9
"""Smaller differences, in percentage points, are rounding."""


@dataclass(frozen=True)
class Verdict:
    """A verdict, why, and about how many seeds would resolve the claim if these do not."""

    word: str
    because: str
    seeds: int | None = None


def over_seeds(
    differences: Paired, within: float | None, corrected: float, comparisons: int
) -> Verdict:
    """The verdict of two seeds or more.

    Args:
        differences: the differences.
        within: the bound of a claim of similarity, else None.
        corrected: Holm's p of the claim.
        comparisons: on the page.
    """
    assert differences.support is not None and differences.against is not None
    evidence = f"corrected p = {corrected:.2g} over {differences.n} seeds"
    if corrected <= ALPHA:
        word = REPLICATED if differences.support < differences.against else CONTRADICTED
        return Verdict(word, evidence)
    seeds = seeds_needed(differences, within, comparisons)
    if smallest(differences.n, comparisons) > ALPHA:
        evidence = (
            f"{differences.n} seeds cannot resolve anything among {comparisons} comparisons (at "
            f"least {fewest_seeds(comparisons)} can)"
        )
    about = "no number of seeds would do" if seeds is None else f"needs about {seeds} seeds"
    return Verdict(UNRESOLVED, f"{evidence}; {about} if mean and spread stay", seeds)


def of_one_seed(
    difference: float, within: float | None, published: float | None, comparable: bool
) -> Verdict:
    """The verdict of a single seed: direction and size, no p.

    Args:
        difference: in percentage points.
        within: the bound of a claim of similarity, else None.
        published: the published gain, if there is one.
        comparable: whether the scale's numbers may be compared with the published ones.
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
