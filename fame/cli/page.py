"""The verb that puts everything on one page."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from fame.cli.options import TABLES, ScaleOption, TablesOption
from fame.core.errors import FameError


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
    from fame.pipeline.experiments import Experiments
    from fame.report.page.page import page, write

    experiments = Experiments(scale, tables)
    write(page(experiments, results, _text(rulegraph)), out)


def _text(file: Path) -> str:
    """What a file, or the input for `-`, holds."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FameError(
            f"{file} is no readable text ({error}); give what `snakemake --rulegraph dot` printed"
        ) from None


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(report)
