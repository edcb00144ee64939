"""The command that writes the report page."""

from pathlib import Path
from typing import Annotated

import typer

from fame.cli.options import TABLES, ScaleOption, TablesOption


def report(
    scale: ScaleOption,
    results: Annotated[Path, typer.Option("--results", help="results/<scale>.")],
    out: Annotated[Path, typer.Option("--out", help="The .html to write.")],
    tables: TablesOption = TABLES,
) -> None:
    """Write tables, figures, claims, costs and cards to one self-contained page."""
    from fame.pipeline.experiments import Experiments
    from fame.report.page.page import page, write

    experiments = Experiments(scale, tables)
    write(page(experiments, results), out)


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(report)
