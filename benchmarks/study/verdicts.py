"""The study's tests on the sealed worlds: paired over seeds, exact, corrected list by list."""

from collections.abc import Sequence
from itertools import combinations

import pandas as pd

from benchmarks.study.plan import Pair, Plan
from fame.report.claims.paired import ALPHA, Paired, holm, paired, seeds_needed

SHARE = "follows_background"


def secondary(plan: Plan) -> list[Pair]:
    """Every other pair of arms in every cell, and FAME against every ablation."""
    final, planned = plan.stages["final"], {(p.better, p.worse, p.cell) for p in plan.primary}
    cells = [*final.cells, *(f"bias {dataset} {SHARE}" for dataset in final.bias)]
    # The later arm of the plan is held to be the better one, as the paper would have it.
    pairs = [
        Pair(better=better, worse=worse, cell=cell)
        for cell in cells
        for worse, better in combinations(plan.arms, 2)
        if (better, worse, cell) not in planned
    ]
    return pairs + [
        Pair(better="fame", worse=name, cell=cell)
        for cell in plan.stages["ablations"].cells
        for name in plan.ablations
    ]


def filmed(plan: Plan) -> list[Pair]:
    """Every pair of arms in every cell of the filmed clips."""
    return [
        Pair(better=better, worse=worse, cell=cell)
        for cell in plan.stages["real"].cells
        for worse, better in combinations(plan.arms, 2)
    ]


def effects(values: pd.DataFrame, pairs: Sequence[Pair]) -> pd.DataFrame:
    """What `judge` returns for the filmed clips, less its verdicts: three seeds can have none."""
    found = judge(values[values["stage"] == "real"].assign(stage="final"), pairs)
    return found.assign(corrected=None, verdict="not asked", seeds_needed=None)


def _differences(values: pd.DataFrame, pair: Pair) -> list[float]:
    """One for each seed that both have, by seed."""
    known = values[(values["cell"] == pair.cell) & values["stage"].isin(["final", "ablations"])]
    wide = known.pivot_table(index="seed", columns="arm", values="value")
    if not {pair.better, pair.worse} <= set(wide.columns):
        return []
    return list((wide[pair.better] - wide[pair.worse]).dropna().sort_index())


def judge(values: pd.DataFrame, pairs: Sequence[Pair]) -> pd.DataFrame:
    """Test a list of pairs together.

    Args:
        values: as `values.collect` returns them.
        pairs: one list; the correction is over all of it, measured or not.

    Returns:
        A row a pair: `better`, `worse`, `cell`, `n`, `effect`, `low`, `high` (Student's 95 %
        interval), `p`, `corrected` (Holm), `verdict`, `seeds_needed` (None where not asked).
    """
    found = [_differences(values, pair) for pair in pairs]
    tests = [paired(given, None) if len(given) > 1 else None for given in found]
    corrected = holm([1.0 if test is None or test.p is None else test.p for test in tests])
    rows = [
        {
            **pair.model_dump(),
            "n": len(given),
            "effect": test.mean if test else None,
            "low": test.low if test else None,
            "high": test.high if test else None,
            "p": test.p if test else None,
            "corrected": p if test else None,
            "verdict": _verdict(test, p),
            "seeds_needed": _needed(test, p, len(pairs)),
        }
        for pair, given, test, p in zip(pairs, found, tests, corrected, strict=True)
    ]
    return pd.DataFrame(rows)


def _verdict(test: Paired | None, corrected: float) -> str:
    if test is None:
        return "not measured"
    if corrected > ALPHA:
        return "not resolved"
    assert test.support is not None and test.against is not None
    return "better" if test.support < test.against else "worse"


def _needed(test: Paired | None, corrected: float, comparisons: int) -> int | None:
    if test is None or corrected <= ALPHA:
        return None
    return seeds_needed(test, None, comparisons)
