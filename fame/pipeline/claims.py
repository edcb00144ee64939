"""The cells behind claims: which results a claim is judged from at a scale. No torch."""

from collections.abc import Sequence

from fame.config.claims import CLAIMS, PRIMARY, Located, Place, load_claims
from fame.config.reading import SCALES
from fame.pipeline.experiments import Cell, Experiments, result_file


def claimed(experiments: Experiments, claims: Sequence[Located]) -> dict[Place, Cell]:
    """The cells of the claims' tables that a scale measures, by their place."""
    names = dict.fromkeys(at.table for claim in claims for at in (claim.better, claim.worse))
    return {
        Place(name, cell.row, cell.column): cell
        for name in names
        for cell in experiments.cells([name])
    }


def about_own_tables(experiments: Experiments) -> bool:
    """Whether the tables are the project's own, which its claims are about."""
    return experiments.folder.resolve() == SCALES.with_name("tables")


def primary_claims(experiments: Experiments) -> list[Located]:
    """The primary claims of which a scale measures both sides; none about another's tables.

    Raises:
        FameError: the project's file of claims is broken.
    """
    if not about_own_tables(experiments):
        return []
    claims = load_claims(CLAIMS, experiments.tables)
    primary = [one for one in claims if one.claim.family == PRIMARY]
    measured = claimed(experiments, primary)
    return [one for one in primary if one.better in measured and one.worse in measured]


def results_of(experiments: Experiments, claims: Sequence[Located]) -> list[str]:
    """Result files that claims are judged from: `<run>/<data>/<task>.json`, without repeats."""
    measured = claimed(experiments, claims)
    cells = [measured[at] for claim in claims for at in (claim.better, claim.worse)]
    files = (
        result_file(experiments.scale, run, cell.dataset, cell.task)
        for cell in cells
        for run in cell.runs
    )
    return list(dict.fromkeys(files))
