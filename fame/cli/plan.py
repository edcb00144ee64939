"""The command that estimates a target's cost, and tries each kind of its jobs."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fame.cli.options import TABLES, TablesOption, TargetsArgument
from fame.core.errors import FameError

if TYPE_CHECKING:
    from fame.operate.plan.plan import Plan, Survey


def plan(
    targets: TargetsArgument = None,
    scale: Annotated[
        str, typer.Option("--scale", help="A scale by name (mini, paper) or a path to its file.")
    ] = "mini",
    tables: TablesOption = TABLES,
    results: Annotated[Path, typer.Option("--results", help="The folder of results.")] = Path(
        "results"
    ),
    cores: Annotated[
        int | None, typer.Option("--cores", min=1, help="CPU cores for Snakemake (default: all).")
    ] = None,
    gpus: Annotated[
        int | None,
        typer.Option("--gpus", min=0, help="GPUs for Snakemake (default: those of one job)."),
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Try one real step of every kind of job; exit 1 if any fails."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Estimate the jobs, hours, disk and memory of targets, and list what is missing."""
    from fame.operate.plan.jobs import ALL
    from fame.operate.plan.plan import Asked, Survey
    from fame.operate.plan.plan import plan as make
    from fame.operate.plan.text import as_json as data
    from fame.operate.plan.text import text
    from fame.pipeline.experiments import Experiments

    experiments = Experiments(scale, tables)
    wanted = tuple(targets or (ALL,))
    asked = Asked(scale, tables, wanted, results, cores or os.cpu_count() or 1, gpus)
    survey = Survey.of(experiments, asked)
    made = make(survey, asked)
    print(json.dumps(data(made), indent=2) if as_json else text(made))
    if check:
        print_checks(survey, made)


def print_checks(survey: "Survey", made: "Plan") -> None:
    """Print each check as it is done."""
    from fame.operate.plan.check import check

    size = sum(space.size or 0 for space in made.disk if space.local)
    print("\ncheck:", file=sys.stderr)
    failed = 0
    for line in check(survey, size):
        print(line, file=sys.stderr, flush=True)
        failed += not line.passed
    if made.left_out:
        raise FameError(f"the target cannot be made: {'; '.join(made.left_out)}")
    if failed:
        raise FameError(f"{failed} checks failed; the reasons are in the lines above")


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(plan)
