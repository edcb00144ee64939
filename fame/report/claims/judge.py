"""Judge claims from results: pair over seeds, test, correct, decide (docs/claims.md)."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any

import pandas as pd

from fame.config.claims import PRIMARY, Located, Place
from fame.config.scale import Scale
from fame.config.tables import Table
from fame.core.errors import FameError
from fame.pipeline.claims import claimed
from fame.pipeline.experiments import Cell, Experiments, measurable, result_file
from fame.report.claims.paired import Paired, holm, paired
from fame.report.claims.verdicts import MISSING, NOT_MEASURED, Verdict, of_one_seed, over_seeds
from fame.report.tables.build import measure

DECIMALS = 4
"""Of the numbers in the CSV."""


@dataclass(frozen=True)
class Finding:
    """A claim and its verdict at a scale.

    Attributes:
        cells: of `better` and of `worse`; None if the scale does not measure both.
        differences: over seeds; None if there are none, and then `absent` says why.
        left_out: seeds that are not paired because the measure is undefined on a side.
        family: in which it is corrected; a comparison is primary if any of its claims is.
        corrected: Holm's p; None for a single seed.
        comparisons: distinct ones of the family that the scale measures; the correction counts
            them.
        verdict: None until it is judged.
    """

    located: Located
    cells: tuple[Cell, Cell] | None = None
    differences: Paired | None = None
    absent: Verdict | None = None
    left_out: int = 0
    family: str = ""
    corrected: float | None = None
    comparisons: int = 0
    verdict: Verdict | None = None

    @property
    def comparison(self) -> Hashable:
        """Equal for claims that compare the same runs in the same way: one hypothesis."""
        assert self.cells is not None
        sides = frozenset((cell.runs[0].id, cell.dataset, cell.task) for cell in self.cells)
        return sides, self.cells[0].metric, self.located.claim.kind, self.located.claim.within


def judge(
    experiments: Experiments, claims: Sequence[Located], results: Path, partial: bool = False
) -> list[Finding]:
    """A verdict on each claim.

    Args:
        experiments: a scale and its tables.
        claims: from `fame.config.claims.load_claims`.
        results: the folder that holds `<run>/<data>/<task>.json`.
        partial: mark claims whose results are missing instead of failing.

    Raises:
        FameError: a claim has the same runs on both sides; or a result is missing (unless
            `partial`) or unusable.
    """
    measured = claimed(experiments, claims)
    compared = [_compare(experiments, claim, measured, results, partial) for claim in claims]
    findings = _with_families(compared)
    corrected = {family: _correct(findings, family) for family in {one.family for one in findings}}
    return [_judged(one, corrected[one.family]) for one in findings]


def _compare(
    experiments: Experiments,
    claim: Located,
    measured: Mapping[Place, Cell],
    results: Path,
    partial: bool,
) -> Finding:
    scale = experiments.scale
    reasons = [_unmeasured(experiments, at) for at in (claim.better, claim.worse)]
    if any(reasons):
        because = "; ".join(dict.fromkeys(reason for reason in reasons if reason))
        return Finding(claim, absent=Verdict(NOT_MEASURED, because))
    cells = measured[claim.better], measured[claim.worse]
    _check_distinct(claim, cells)
    gap = _gap(cells, results, scale) if partial else None
    if gap:
        return Finding(claim, cells, absent=Verdict(MISSING, gap))
    left, right = (measure(cell, results, scale).values for cell in cells)
    gains = [claim.claim.sign * (one - other) for one, other in zip(left, right, strict=True)]
    defined = [gain for gain in gains if isfinite(gain)]
    left_out = len(gains) - len(defined)
    if not defined:
        return Finding(claim, cells, absent=Verdict(NOT_MEASURED, "undefined in every seed"))
    return Finding(claim, cells, paired(defined, claim.claim.within), left_out=left_out)


def _unmeasured(experiments: Experiments, at: Place) -> str | None:
    table = experiments.table(at.table)
    return measurable(experiments.scale, table.rows[at.row], table.columns[at.column])


def _check_distinct(claim: Located, cells: tuple[Cell, Cell]) -> None:
    """Two names of one run cannot differ: a claim about them would be empty."""
    left, right = ([run.id for run in cell.runs] for cell in cells)
    both = [name for name in left if name in right]
    if both:
        raise FameError(
            f"claim {claim.claim.id}: both sides are the run {both[0]}; point it at rows whose "
            "recipes differ at this scale"
        )


def _gap(cells: tuple[Cell, Cell], results: Path, scale: Scale) -> str | None:
    """A sentence with the first missing result; None if there is none."""
    for cell in cells:
        for run in cell.runs:
            name = result_file(scale, run, cell.dataset, cell.task)
            if not (results / name).is_file():
                return f"no result {name}"
    return None


def _with_families(findings: Sequence[Finding]) -> list[Finding]:
    """The findings with their families: one comparison is one hypothesis and has one p."""
    primary = {
        one.comparison
        for one in findings
        if one.cells is not None and one.located.claim.family == PRIMARY
    }
    return [
        replace(
            one,
            family=PRIMARY
            if one.cells is not None and one.comparison in primary
            else one.located.claim.family,
        )
        for one in findings
    ]


def _correct(findings: Sequence[Finding], family: str) -> dict[Hashable, float]:
    """Holm's p by comparison of a family; one without a test among several seeds counts as 1."""
    ps: dict[Hashable, float] = {}
    for one in findings:
        if one.family == family and one.cells is not None:
            p = one.differences.p if one.differences else None
            if p is not None or len(one.cells[0].runs) > 1:
                ps[one.comparison] = 1.0 if p is None else p
    return dict(zip(ps, holm(list(ps.values())), strict=True))


def _judged(one: Finding, corrected: Mapping[Hashable, float]) -> Finding:
    if one.differences is None:
        return replace(one, verdict=one.absent)
    if one.differences.p is None:
        return replace(one, verdict=_noting(one, of_one_seed(one.differences.mean)))
    p, comparisons = corrected[one.comparison], len(corrected)
    verdict = over_seeds(one.differences, one.located.claim.within, p, comparisons)
    return replace(one, corrected=p, comparisons=comparisons, verdict=_noting(one, verdict))


def _noting(one: Finding, verdict: Verdict) -> Verdict:
    """The verdict, whose reason also says how many seeds are left out."""
    if not one.left_out:
        return verdict
    note = f"{one.left_out} more seeds are left out, where the measure is undefined"
    return replace(verdict, because=f"{verdict.because}; {note}")


def tabulate(findings: Sequence[Finding], experiments: Experiments) -> pd.DataFrame:
    """One row for each claim, in the page's order.

    Columns: `id`, `table`, `claim`, `source`, `family`, `kind`, `within`, `better` and `worse` (the
    cells, in words), `published` (gain), `n` (seeds), `difference` (mean), `std`, `low` and `high`
    (95 %), `by_seed` (differences, as text), `p`, `p_corrected`, `comparisons`, `verdict`,
    `because`, `seeds_needed`, `scale`, `about` (which worlds the verdict is about), `runs_better`
    and `runs_worse`. Differences are percentage points, and above 0 where `better` is better.
    """
    frame = pd.DataFrame([_row(one, experiments) for one in findings])
    whole = ["n", "comparisons", "seeds_needed"]
    numbers = ["within", "published", "difference", "std", "low", "high", "p", "p_corrected"]
    return frame.astype(dict.fromkeys(whole, "Int64") | dict.fromkeys(numbers, "float64"))


def _row(one: Finding, experiments: Experiments) -> dict[str, Any]:
    located, claim, verdict = one.located, one.located.claim, one.verdict
    assert verdict is not None
    tables = experiments.tables
    return {
        "id": claim.id,
        "table": located.better.table,
        "claim": claim.text,
        "source": claim.source,
        "family": one.family,
        "kind": claim.kind,
        "within": claim.within,
        "better": _words(located.better, tables[located.better.table]),
        "worse": _words(located.worse, tables[located.worse.table]),
        "published": located.published,
        **_numbers(one.differences),
        "p_corrected": one.corrected,
        "comparisons": one.comparisons or None,
        "verdict": verdict.word,
        "because": verdict.because,
        "seeds_needed": verdict.seeds,
        "scale": experiments.scale.name,
        "about": about(experiments.scale),
        "runs_better": _ids(one.cells[0] if one.cells else None),
        "runs_worse": _ids(one.cells[1] if one.cells else None),
    }


def _numbers(differences: Paired | None) -> dict[str, Any]:
    if differences is None:
        return dict.fromkeys(("n", "difference", "std", "low", "high", "p")) | {"by_seed": ""}
    return {
        "n": differences.n,
        "difference": differences.mean,
        "std": differences.std,
        "low": differences.low,
        "high": differences.high,
        "by_seed": " ".join(f"{value:+.{DECIMALS}f}" for value in differences.values),
        "p": differences.p,
    }


def about(scale: Scale) -> str:
    """What a verdict at a scale is about, and what it is not."""
    if scale.comparable:
        return f"the {scale.name} scale: {scale.note}"
    return f"the {scale.name} scale only, not the published experiments: {scale.note}"


def _words(at: Place, table: Table) -> str:
    labels = ", ".join(str(value) for value in table.rows[at.row].show.values())
    return f"{labels}: {table.columns[at.column].title}"


def _ids(cell: Cell | None) -> str:
    return " ".join(run.id for run in cell.runs) if cell else ""
