"""The command that compares encoders by their background bias."""

from pathlib import Path
from typing import Annotated

import typer

from fame.cli.options import TABLES, ScaleOption, TablesOption


def bias_summary(
    scale: ScaleOption,
    results: Annotated[Path, typer.Option("--results", help="results/<scale>/evaluate.")],
    out: Annotated[Path, typer.Option("--out", help="The .csv; .png and .pdf go beside it.")],
    tables: TablesOption = TABLES,
) -> None:
    """Summarise the bias probes of the encoders in figures.yaml as a table and a figure."""
    from fame.pipeline.experiments import Experiments, result_file
    from fame.report.figures.bias import Source, table, write

    experiments = Experiments(scale, tables)
    settings = experiments.scale
    sources = [
        Source(
            arm.title,
            dataset,
            tuple(results / result_file(settings, run, dataset, "bias") for run in arm.runs),
        )
        for dataset in experiments.bias_datasets()
        for arm in experiments.arms("bias")
    ]
    write(table(sources, settings), settings, out)


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command("bias-summary")(bias_summary)
