"""Commands for tables: write one, publish it in results/."""

from pathlib import Path
from typing import Annotated

import typer

from fame.cli.options import TABLES, ScaleOption, TablesOption


def table(
    name: Annotated[str, typer.Argument(help="For example table5.")],
    scale: ScaleOption,
    results: Annotated[Path, typer.Option("--results", help="results/<scale>/evaluate.")],
    out: Annotated[Path, typer.Option("--out", help="The .csv; .md, .tex and .html go beside it.")],
    tables: TablesOption = TABLES,
    partial: Annotated[
        bool, typer.Option("--partial", help="If results are missing, write the finished part.")
    ] = False,
) -> None:
    """Write a table from finished results: .csv, .md, .tex and .html.

    With --partial, a table that lacks results is written as NAME.partial.csv and .partial.md, which
    list what is missing and why; the exit status is then 1.
    """
    from fame.pipeline.experiments import Experiments
    from fame.report.tables.build import build, write
    from fame.report.tables.partial import refuse_incomplete

    experiments = Experiments(scale, tables)
    if partial:
        refuse_incomplete(experiments, name, results, out)
    frame = build(experiments, name, results)
    write(frame, experiments, name, out)


def publish(
    table: Annotated[Path, typer.Argument(help="A scale's finished table (.csv).")],
    out: Annotated[Path, typer.Option("--out", help="Path of the copy in results/.")],
) -> None:
    """Copy a scale's table, with its .md and .tex, to results/."""
    from fame.report.tables.build import publish as copy

    copy(table, out)


def add(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(table)
    app.command()(publish)
