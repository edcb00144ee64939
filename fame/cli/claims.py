"""The command that judges claims."""

from pathlib import Path
from typing import Annotated

import typer

from fame.cli.options import TABLES, ScaleOption, TablesOption

CLAIMS = Path("config") / "claims.yaml"


def claims(
    scale: ScaleOption,
    results: Annotated[Path, typer.Option("--results", help="results/<scale>/evaluate.")],
    out: Annotated[Path, typer.Option("--out", help="The .csv; .md, .png, .pdf go beside it.")],
    claims: Annotated[Path, typer.Option("--claims", help="The file of claims.")] = CLAIMS,
    tables: TablesOption = TABLES,
    partial: Annotated[
        bool, typer.Option("--partial", help="Mark claims whose results are missing.")
    ] = False,
) -> None:
    """Judge every claim from finished results (docs/claims.md): .csv, .md and a forest plot."""
    from fame.config.claims import load_claims
    from fame.pipeline.experiments import Experiments
    from fame.report.claims.judge import judge, write

    experiments = Experiments(scale, tables)
    found = load_claims(claims, experiments.tables)
    write(judge(experiments, found, results, partial), experiments, out)


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(claims)
