"""Verbs that report: write a table, publish it as the active one."""

from pathlib import Path
from typing import Annotated

import typer

from fame.cli.options import TABLES, ScaleOption, TablesOption


def table(
    name: Annotated[str, typer.Argument(help="For example table5.")],
    scale: ScaleOption,
    results: Annotated[Path, typer.Option("--results", help="results/<scale>/evaluate.")],
    out: Annotated[Path, typer.Option("--out", help="The .csv; .md and .tex go beside it.")],
    tables: TablesOption = TABLES,
) -> None:
    """Write a table from finished results: .csv, .md and .tex."""
    from fame.experiments import Experiments
    from fame.report.tables import build, write

    experiments = Experiments(scale, tables)
    frame = build(experiments, name, results)
    write(frame, experiments, name, out)


def publish(
    table: Annotated[Path, typer.Argument(help="A scale's finished table (.csv).")],
    out: Annotated[Path, typer.Option("--out", help="Where the active scale's copy goes.")],
) -> None:
    """Copy a scale's table, with its .md and .tex, to where the active scale's stand."""
    from fame.report.tables import publish as copy

    copy(table, out)


def add(app: typer.Typer) -> None:
    """Register the verbs."""
    app.command()(table)
    app.command()(publish)
