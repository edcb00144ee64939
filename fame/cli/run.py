"""The verb that runs the workflow, and recovers it by itself after a kill."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

CONFIG = {"--config", "-C"}
DRY = {"-n", "--dry-run", "--dryrun"}
WHERE = {"--workflow-profile", "--profile", "--executor", "-e", "--cores", "-c", "--jobs", "-j"}
"""Options that say where jobs run; without them they run here, on all cores."""
QUIET = {"--quiet", "-q"}
SILENT = ("host", "progress", "reason", "rules")
"""What Snakemake can be quiet about; `all` hides its errors as well."""
AS_THEY_ARE = {"allow_extra_args": True, "ignore_unknown_options": True}


def run(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(help="Targets such as results/table5.csv, and options of Snakemake."),
    ] = None,
    scale: Annotated[
        str | None, typer.Option("--scale", help="A scale by name or by its file's path.")
    ] = None,
    tables: Annotated[
        Path | None, typer.Option("--tables", help="A folder of table files other than ours.")
    ] = None,
    directory: Annotated[
        Path, typer.Option("--directory", help="The folder that `results` is made in.")
    ] = Path(),
) -> None:
    """Make targets by Snakemake, here on all cores; after a kill the same command goes on.

    One workflow at a time is let into a folder. The lock, the processes and the jobs in Slurm's
    queue that a killed one left are removed first. `--quiet all` still tells errors.
    """
    from fame.workplace import clear, occupy

    given = with_config(
        audible(arguments or []), scale=scale, tables=str(tables) if tables else None
    )
    if not DRY & set(given):
        occupy(directory)
        clear(directory)
    cores = [] if WHERE & {word.split("=")[0] for word in given} else ["--cores", "all"]
    command = [sys.executable, "-m", "snakemake", *cores, "--rerun-incomplete", *given]
    if directory != Path():
        command += ["--directory", str(directory)]
    # The same process goes on as Snakemake: signals reach it, and the lock lasts as long as it.
    os.execv(sys.executable, command)


def with_config(arguments: list[str], **settings: str | None) -> list[str]:
    """Snakemake's arguments with settings added to what follows `--config`, if they name it.

    A second `--config` would displace the first.
    """
    words = [setting(key, value) for key, value in settings.items() if value is not None]
    if not words:
        return arguments
    place = next((n for n, word in enumerate(arguments) if word in CONFIG), len(arguments))
    return [*arguments[:place], "--config", *words, *arguments[place + 1 :]]


def audible(arguments: list[str]) -> list[str]:
    """Snakemake's arguments with `--quiet all` weakened to what leaves errors to be seen."""
    words: list[str] = []
    quiet = silent = False
    for word in arguments:
        quiet = word in QUIET or (quiet and word in {*SILENT, "all"})
        if word in {"--quiet=all", "-q=all", "-qall"} or (quiet and word == "all"):
            silent = True
        else:
            words.append(word)
    # Last, where no target can be taken for one of its words.
    return [*words, "--quiet", *SILENT] if silent else words


def setting(key: str, value: object) -> str:
    """`key=value` for Snakemake's `--config`, which takes off outer quotes and reads YAML.

    In YAML ` #` starts a comment; the spaces keep the quotes.
    """
    return f"{key}= {json.dumps(str(value), ensure_ascii=False)} "


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command(context_settings=AS_THEY_ARE)(run)
