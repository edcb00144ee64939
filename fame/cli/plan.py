"""The verb that tells what a target takes, before days are spent on it."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from fame.cli.options import TABLES, TablesOption


def plan(
    target: Annotated[
        str,
        typer.Argument(help="all, a table (table5), a figure (figure1), report, or results/..."),
    ] = "all",
    scale: Annotated[
        str, typer.Option("--scale", help="A scale by name (mini, paper) or a path to its file.")
    ] = "mini",
    tables: TablesOption = TABLES,
    results: Annotated[Path, typer.Option("--results", help="Where results go.")] = Path("results"),
    cores: Annotated[
        int | None, typer.Option("--cores", min=1, help="That Snakemake may use; all by default.")
    ] = None,
    gpus: Annotated[
        int | None, typer.Option("--gpus", min=0, help="Likewise; one job's by default.")
    ] = None,
    pace: Annotated[
        Path | None, typer.Option("--pace", help="A profile that --measure wrote, here or there.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell which jobs a target needs, which are done, and the hours, disk and memory left."""
    from fame.experiments import Experiments
    from fame.plan.pace import read_pace
    from fame.plan.plan import Asked
    from fame.plan.plan import plan as make
    from fame.plan.text import as_json as data
    from fame.plan.text import text

    experiments = Experiments(scale, tables)
    profile = read_pace(pace, experiments.scale) if pace else None
    asked = Asked(scale, tables, target, results, cores or os.cpu_count() or 1, gpus, profile)
    made = make(experiments, asked)
    print(json.dumps(data(made), indent=2) if as_json else text(made))


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command()(plan)
