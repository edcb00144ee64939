"""The verb that puts everything on one page."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from fame.cli.options import TABLES, ScaleOption, TablesOption


def report(
    scale: ScaleOption,
    results: Annotated[Path, typer.Option("--results", help="results/<scale>.")],
    out: Annotated[Path, typer.Option("--out", help="The .html to write.")],
    rulegraph: Annotated[
        Path, typer.Option("--rulegraph", help="What `snakemake --rulegraph dot` printed.")
    ],
    tables: TablesOption = TABLES,
) -> None:
    """Gather tables, figures, claims, costs and cards in one page that needs nothing else."""
    from fame.experiments import Experiments
    from fame.report.page import page, write

    experiments = Experiments(scale, tables)
    text = sys.stdin.read() if str(rulegraph) == "-" else rulegraph.read_text(encoding="utf-8")
    write(page(experiments, results, text), out)


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(report)
