"""The verb that runs the workflow, and recovers it by itself after a kill."""

import json
import os
import re
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Annotated

import typer

from fame.cli.options import TABLES
from fame.core.errors import FameError

CONFIG = {"--config", "-C"}
DRY = {"-n", "--dry-run", "--dryrun"}
FLAGS = DRY | {"-k", "--keep-going", "-p", "--printshellcmds", "-F", "--forceall", "-f", "--force"}
"""Options of Snakemake that take no value: a word after them is a target."""
SNAKEFILE = {"--snakefile", "-s"}
WHERE = {"--workflow-profile", "--profile", "--executor", "-e", "--cores", "-c", "--jobs", "-j"}
"""Options that say where jobs run; without them they run here, on all cores."""
QUIET = {"--quiet", "-q"}
SILENT = ("host", "progress", "reason", "rules")
"""What Snakemake can be quiet about; `all` hides its errors as well."""
AS_THEY_ARE = {"allow_extra_args": True, "ignore_unknown_options": True}


def run(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(help="Targets (table5, results/table5.csv), and options of Snakemake."),
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
    from fame.operate.workplace import clear, occupy

    asked = audible(arguments or [])
    check_settings(asked, scale=scale, tables=tables)
    check_folder(directory)
    if not SNAKEFILE & {word.split("=")[0] for word in asked}:
        asked = in_full(asked, tables)
    given = with_config(
        asked, scale=from_anywhere(scale), tables=str(tables.absolute()) if tables else None
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


def from_anywhere(scale: str | None) -> str | None:
    """A scale as Snakemake finds it from another folder: a path in full, a name as it is."""
    is_path = scale is not None and scale.endswith((".yaml", ".yml"))
    return str(Path(scale).absolute()) if scale and is_path else scale


def settings_in(arguments: list[str]) -> list[str]:
    """What Snakemake takes for settings: the words from `--config` to the next option."""
    start = next((n + 1 for n, word in enumerate(arguments) if word in CONFIG), len(arguments))
    return list(takewhile(lambda word: not word.startswith("-"), arguments[start:]))


def check_settings(arguments: list[str], **options: object) -> None:
    """Refuse a target among the settings, and a setting that an option gives as well.

    Snakemake shows a stack for the first, and lets the last of two settings win without a word.
    """
    for word in settings_in(arguments):
        key, equals, _ = word.partition("=")
        if not equals:
            raise FameError(
                f"--config takes key=value, which {word!r} is not; put targets before it"
            )
        if options.get(key) is not None:
            raise FameError(f"--{key} and --config {word} both say the {key}; give one of the two")


def check_folder(directory: Path) -> None:
    """Refuse a folder in which Snakemake cannot keep its own; it does in a dry run too."""
    whole = (directory / ".snakemake").absolute()
    place = next(path for path in (whole, *whole.parents) if os.path.lexists(path))
    if not place.is_dir():
        raise FameError(f"{place}: not a folder; correct --directory")
    if not os.access(place, os.W_OK | os.X_OK):
        raise FameError(f"{place} cannot be written; mend its permissions or correct --directory")


def in_full(arguments: list[str], tables: Path | None) -> list[str]:
    """The arguments with targets by short names (table5, figure1, report) as files of `results`.

    Raises:
        FameError: a target is a table that there is not, for which Snakemake would show a stack.
    """
    given = [
        word.removeprefix("tables=")
        for word in settings_in(arguments)
        if word.startswith("tables=")
    ]
    folder = tables or (Path(given[0]) if given else TABLES)
    known = sorted(file.stem for file in folder.glob("*.yaml") if file.stem != "figures")
    words = list(arguments)
    for place in _targets(arguments):
        words[place] = _in_full(arguments[place], known)
    return words


def _targets(arguments: list[str]) -> Iterator[int]:
    """Where targets stand for sure: an option before them may take a word as its value."""
    option = None
    for place, word in enumerate(arguments):
        if word.startswith("-"):
            option = word
        elif option is None or option in FLAGS:
            yield place


def _in_full(word: str, tables: list[str]) -> str:
    """One target as a file, if it is a short name."""
    from fame.config.tables import FIGURES

    table = re.fullmatch(r"(?:results/(?:[^/]+/tables/)?)?(table\d+)(?:\.[a-z]+)?", word)
    if tables and table and table[1] not in tables:
        raise FameError(f"{word}: there is no table {table[1]!r} (known: {', '.join(tables)})")
    if word in tables:
        return f"results/{word}.csv"
    if word in FIGURES:
        return f"results/{word}.png"
    return "results/report.html" if word == "report" else word


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
