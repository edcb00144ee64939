"""The verdict rule of docs/claims.md: from a claim's paired differences to a word. No torch."""

from dataclasses import dataclass

from fame.report.claims.paired import ALPHA, Paired, fewest_seeds, seeds_needed, smallest

REPLICATED = "replicated"
CONTRADICTED = "contradicted"
UNRESOLVED = "not resolved"
ONE_SEED = "one seed"
"""No verdict: a single difference has no spread."""

NOT_MEASURED = "not measured"
MISSING = "missing"

VERDICTS = (
    REPLICATED,
    CONTRADICTED,
    UNRESOLVED,
    ONE_SEED,
    NOT_MEASURED,
    MISSING,
)

TIE = "a tie: both cells are equal"

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
        comparisons: in the claim's family.
    """
    assert differences.support is not None and differences.against is not None
    tie = f"{TIE}; " if is_tie(differences.mean) else ""
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
    return Verdict(UNRESOLVED, f"{tie}{evidence}; {about} if mean and spread stay", seeds)


def of_one_seed(difference: float) -> Verdict:
    """What a single seed gives instead of a verdict.

    Args:
        difference: in percentage points.
    """
    because = TIE if is_tie(difference) else "a single difference has no spread"
    return Verdict(ONE_SEED, because)


def is_tie(difference: float) -> bool:
    """Whether two cells are equal but for rounding."""
    return abs(difference) < _SLACK
