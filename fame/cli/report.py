"""Commands that report: write a table, judge claims, write the page, publish in results/."""

import os
from pathlib import Path
from typing import Annotated

import typer

from fame.cli.options import TABLES, ScaleOption, TablesOption

CLAIMS = Path("config") / "claims.yaml"

ResultsOption = Annotated[Path, typer.Option("--results", help="results/<scale>/evaluate.")]


def table(
    name: Annotated[str, typer.Argument(help="For example table5.")],
    scale: ScaleOption,
    results: ResultsOption,
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


def claims(
    scale: ScaleOption,
    results: ResultsOption,
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
    from fame.report.claims.judge import judge
    from fame.report.figures.claims import write

    experiments = Experiments(scale, tables)
    located = load_claims(claims, experiments.tables)
    write(judge(experiments, located, results, partial), experiments, out)


def report(
    scale: ScaleOption,
    results: Annotated[Path, typer.Option("--results", help="results/<scale>.")],
    out: Annotated[Path, typer.Option("--out", help="The .html to write.")],
    tables: TablesOption = TABLES,
) -> None:
    """Write tables, figures, claims, costs and cards to one self-contained page."""
    from fame.pipeline.experiments import Experiments
    from fame.report.page.page import page, write

    write(page(Experiments(scale, tables), results), out)


def publish(
    files: Annotated[
        list[Path], typer.Argument(help="All files of a scale's table or figure, or its page.")
    ],
    folder: Annotated[Path, typer.Option("--to", help="Folder of the copies.")] = Path("results"),
) -> None:
    """Copy a scale's table, figure or page to results/; say so if another scale's is replaced."""
    from fame.operate.panel.asked import LIVE
    from fame.report.publish import publish as copy

    if sentence := copy(files, folder):
        # The workflow shows standard output on the terminal; a panel reads the log, which has this.
        typer.echo(sentence, err=os.environ.get(LIVE) == "1")


def add(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (table, claims, report, publish):
        app.command()(command)
