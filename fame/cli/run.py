"""The verb that runs the workflow, and recovers it by itself after a kill."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

DRY = {"-n", "--dry-run", "--dryrun"}
AS_THEY_ARE = {"allow_extra_args": True, "ignore_unknown_options": True}


def run(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(help="Targets such as results/table5.csv, and options of Snakemake."),
    ] = None,
    scale: Annotated[
        str | None, typer.Option("--scale", help="A scale by name or by its file's path.")
    ] = None,
    directory: Annotated[
        Path, typer.Option("--directory", help="The folder that `results` is made in.")
    ] = Path(),
) -> None:
    """Make targets by Snakemake, on all cores; after a kill the same command goes on.

    One workflow at a time is let into a folder. The lock and the processes that a killed one
    left are removed first.
    """
    from fame.workplace import clear, occupy

    given = arguments or []
    if not DRY & set(given):
        occupy(directory)
        clear(directory)
    command = [sys.executable, "-m", "snakemake", "--cores", "all", "--rerun-incomplete", *given]
    if directory != Path():
        command += ["--directory", str(directory)]
    if scale is not None:
        command += ["--config", f"scale={scale}"]
    # The same process goes on as Snakemake: signals reach it, and the lock lasts as long as it.
    os.execv(sys.executable, command)


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command(context_settings=AS_THEY_ARE)(run)
