"""Commands that inspect results: progress, failures, and changed files."""

from pathlib import Path
from typing import Annotated

import typer

from fame.cli.options import TABLES, TablesOption, TargetsArgument

ResultsOption = Annotated[Path, typer.Option("--results", help="The folder of results.")]


def status(
    targets: TargetsArgument = None,
    scale: Annotated[
        str, typer.Option("--scale", help="A scale by name or by its file's path.")
    ] = "mini",
    results: ResultsOption = Path("results"),
    tables: TablesOption = TABLES,
) -> None:
    """Show each run's steps, time left and last checkpoint, and why jobs failed.

    With targets, only what they need.
    """
    from fame.operate.plan.jobs import all_wanted, jobs
    from fame.operate.status import rendered
    from fame.operate.status import status as look
    from fame.pipeline.experiments import Experiments

    own = None if tables == TABLES else tables
    experiments = Experiments(scale, tables)
    needed = None
    if targets:
        files = all_wanted(experiments, targets).files
        needed = jobs(scale, tables, files, results.parent)
    print(rendered(look(experiments, results, scale, own, needed)))


def verify(
    results: Annotated[Path, typer.Argument(help="The folder of results.")] = Path("results"),
    scale: Annotated[
        list[str] | None,
        typer.Option("--scale", help="The file of a scale outside config/scales."),
    ] = None,
    tables: TablesOption = TABLES,
) -> None:
    """Verify encoders, manifests, features, results and tables against their recorded checksums."""
    from fame.core.errors import FameError
    from fame.operate.verify import verify as check

    findings = check(results, scale or [], tables)
    for sentence in (*findings.notes, *findings.changes):
        print(sentence)
    print(findings.summary)
    if findings.changes:
        raise FameError(
            f"{len(findings.changes)} files below {results} have changed since they were produced"
        )


def add(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(status)
    app.command()(verify)
