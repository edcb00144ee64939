"""The command that runs the workflow and recovers it after a kill."""

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Annotated

import typer

from fame.cli.options import TABLES
from fame.core.errors import FameError
from fame.operate.panel.asked import Asked

CONFIG = {"--config", "-C"}
DRY = {"-n", "--dry-run", "--dryrun"}
FLAGS = DRY | {"-k", "--keep-going", "-p", "--printshellcmds", "-F", "--forceall", "-f", "--force"}
"""Options of Snakemake without a value: a word after them is a target."""
SNAKEFILE = {"--snakefile", "-s"}
WHERE = {"--workflow-profile", "--profile", "--executor", "-e", "--cores", "-c", "--jobs", "-j"}
"""Options that say where jobs run; without them they run here, on all cores."""
QUIET = {"--quiet", "-q"}
LOUD = {"--logger", "--verbose", "--printshellcmds", "-p", "--debug-dag", "--debug"}
"""Options that ask for Snakemake's own lines."""
PLUGINS = Path(__file__).resolve().parents[1] / "operate" / "panel" / "plugins"
"""Holds the panel as a plugin of Snakemake's."""
SILENT = ("host", "progress", "reason", "rules")
"""Values of Snakemake's --quiet; `all` hides its errors as well."""
_NUMBERED = re.compile(
    r"(?:results/(?:[^/]+/(?:tables|figures)/)?)?(?P<name>(?P<kind>table|figure)\d+)(?:\.[a-z]+)?",
    re.IGNORECASE,
)
"""A target that can only be a table or a figure."""
AS_THEY_ARE = {"allow_extra_args": True, "ignore_unknown_options": True}


def run(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(help="Targets (table5, results/table5.csv) and options of Snakemake."),
    ] = None,
    scale: Annotated[
        str | None, typer.Option("--scale", help="A scale by name or by its file's path.")
    ] = None,
    tables: Annotated[
        Path | None,
        typer.Option("--tables", help="A folder of table files other than config/tables."),
    ] = None,
    directory: Annotated[
        Path, typer.Option("--directory", help="The folder in which `results` is made.")
    ] = Path(),
) -> None:
    """Make targets with Snakemake, by default on all cores; after a kill, rerun to resume.

    A terminal shows a panel of what runs and of the time left; elsewhere Snakemake's lines are
    shown. A failed job is shown as its error, its log and the command that repeats it, and the last
    line says how to go on. `FAME_PANEL=0`, `-p` or `--verbose` show Snakemake's own lines only.
    A folder holds one workflow at a time. The lock, the processes and the Slurm jobs that a killed
    workflow left are removed first. `--quiet all` still prints errors.
    """
    from fame.operate.workplace import clear, occupy

    asked = audible(arguments or [])
    check_settings(asked, scale=scale, tables=tables)
    check_folder(directory)
    check_snakefile(asked)
    asked = in_full(asked, tables)
    given = with_config(
        asked, scale=from_anywhere(scale), tables=str(tables.absolute()) if tables else None
    )
    if not DRY & set(given):
        occupy(directory)
        clear(directory)
    cores = [] if WHERE & {word.split("=")[0] for word in given} else ["--cores", "all"]
    shown = []
    if wants_panel(given):
        repeat = repeating(scale, tables, directory)
        shown = with_panel(Asked(commanded(repeat, arguments or []), repeat, str(Path.cwd())))
    command = [sys.executable, "-m", "snakemake", *shown, *cores, "--rerun-incomplete", *given]
    if directory != Path():
        command += ["--directory", str(directory)]
    # This process becomes Snakemake: signals reach it, and the lock lasts as long as it does.
    os.execv(sys.executable, command)


def with_panel(asked: Asked) -> list[str]:
    """Snakemake's option for our log handler, which it looks for in the folders of `PYTHONPATH`.

    Args:
        asked: the user's command, which the handler shows.
    """
    asked.to_environment()
    folders = [str(PLUGINS), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, folders))
    return ["--logger", "fame"]


def wants_panel(arguments: list[str]) -> bool:
    """Whether our log handler is used: no option asks for Snakemake's own lines."""
    own = {word.split("=")[0] for word in arguments} & (DRY | LOUD)
    return not own and os.environ.get("FAME_PANEL") != "0"


def repeating(scale: str | None, tables: Path | None, directory: Path) -> str:
    """The command of this workflow with `{}` for its targets."""
    options = {"--scale": scale, "--tables": tables}
    words = [str(w) for name, value in options.items() if value for w in (name, value)]
    words += [] if directory == Path() else ["--directory", str(directory)]
    return " ".join([_program(), "run {}", *map(shlex.quote, words)])


def commanded(repeat: str, arguments: list[str]) -> str:
    """The whole command that the user gave."""
    head, tail = repeat.split(" {}", 1)
    return f"{head} {shlex.join(arguments)}{tail}" if arguments else head + tail


def _program() -> str:
    """How the user can call this program: by its path if the environment is not activated."""
    beside = Path(sys.executable).with_name("fame")
    return "fame" if shutil.which("fame") or not beside.is_file() else os.path.relpath(beside)


def from_anywhere(scale: str | None) -> str | None:
    """A scale as Snakemake finds it from another folder: a path made absolute, a name unchanged."""
    is_path = scale is not None and scale.endswith((".yaml", ".yml"))
    return str(Path(scale).absolute()) if scale and is_path else scale


def settings_in(arguments: list[str]) -> list[str]:
    """The words that Snakemake reads as settings: those from `--config` to the next option."""
    start = next((n + 1 for n, word in enumerate(arguments) if word in CONFIG), len(arguments))
    return list(takewhile(lambda word: not word.startswith("-"), arguments[start:]))


def check_settings(arguments: list[str], **options: object) -> None:
    """Refuse a target among the settings, and a setting that is also given as an option.

    Snakemake shows a traceback for the first, and silently uses the last of two settings.
    """
    for word in settings_in(arguments):
        key, equals, _ = word.partition("=")
        if not equals:
            raise FameError(
                f"--config takes key=value, which {word!r} is not; put targets before it"
            )
        if options.get(key) is not None:
            raise FameError(
                f"--{key} and --config {word} both set the {key}; give only one of them"
            )


def check_folder(directory: Path) -> None:
    """Refuse a folder in which Snakemake cannot write its own files, even in a dry run."""
    whole = (directory / ".snakemake").absolute()
    place = next(path for path in (whole, *whole.parents) if os.path.lexists(path))
    if not place.is_dir():
        raise FameError(f"{place}: not a folder; correct --directory")
    if not os.access(place, os.W_OK | os.X_OK):
        raise FameError(f"{place} cannot be written; correct its permissions or --directory")


def check_snakefile(arguments: list[str]) -> None:
    """Refuse a call outside a checkout that names no workflow."""
    named = SNAKEFILE & {word.split("=")[0] for word in arguments}
    places = ("Snakefile", "snakefile", "workflow/Snakefile", "workflow/snakefile")
    if not named and not any(map(os.path.exists, places)):
        raise FameError(
            f"{Path.cwd()} has no Snakefile; run this in FAME's checkout (results elsewhere: "
            "--directory), or name the workflow: --snakefile PATH/Snakefile"
        )


def in_full(arguments: list[str], tables: Path | None) -> list[str]:
    """Replace targets by short names (table5, figure1, report) by files in `results`.

    Raises:
        FameError: a target is an unknown table or figure, for which Snakemake would show a
            traceback.
    """
    given = [
        word.removeprefix("tables=")
        for word in settings_in(arguments)
        if word.startswith("tables=")
    ]
    folder = tables or (Path(given[0]) if given else beside_snakefile(arguments))
    if not folder.is_dir():  # the workflow of --snakefile is another's, with names of its own
        return list(arguments)
    known = sorted(file.stem for file in folder.glob("*.yaml") if file.stem != "figures")
    words = list(arguments)
    for place in _targets(arguments):
        words[place] = _in_full(arguments[place], known)
    return words


def beside_snakefile(arguments: list[str]) -> Path:
    """The folder of tables that belongs to the workflow which `--snakefile` names; else ours."""
    for place, word in enumerate(arguments):
        option, _, value = word.partition("=")
        if option in SNAKEFILE:
            value = value or "".join(arguments[place + 1 : place + 2])
            return Path(value).parent / "config" / "tables"
    return TABLES


def _targets(arguments: list[str]) -> Iterator[int]:
    """Positions that are certainly targets: a word after an option may be its value."""
    option = None
    for place, word in enumerate(arguments):
        if word.startswith("-"):
            option = word
        elif option is None or option in FLAGS:
            yield place


def _in_full(word: str, tables: list[str]) -> str:
    """One target as a file, if it is a short name, with or without an ending."""
    from fame.config.tables import FIGURES, WHOLE

    numbered = _NUMBERED.fullmatch(word)
    if numbered:
        kind, name = numbered["kind"].lower(), numbered["name"]
        known = tables if kind == "table" else FIGURES
        if known and name not in known:
            raise FameError(f"{word}: there is no {kind} {name!r} (known: {', '.join(known)})")
    name, _, ending = word.partition(".")
    if name.removesuffix(WHOLE) in tables:
        return f"results/{name}.{ending or 'csv'}"
    if name in FIGURES:
        return f"results/{name}.{ending or 'png'}"
    return "results/report.html" if word in ("report", "report.html") else word


def with_config(arguments: list[str], **settings: str | None) -> list[str]:
    """Add settings to Snakemake's arguments, after an existing `--config` if there is one.

    A second `--config` would replace the first.
    """
    words = [setting(key, value) for key, value in settings.items() if value is not None]
    if not words:
        return arguments
    place = next((n for n, word in enumerate(arguments) if word in CONFIG), len(arguments))
    return [*arguments[:place], "--config", *words, *arguments[place + 1 :]]


def audible(arguments: list[str]) -> list[str]:
    """Replace `--quiet all` by the values that keep errors visible."""
    words: list[str] = []
    quiet = silent = False
    for word in arguments:
        quiet = word in QUIET or (quiet and word in {*SILENT, "all"})
        if word in {"--quiet=all", "-q=all", "-qall"} or (quiet and word == "all"):
            silent = True
        else:
            words.append(word)
    # Last, so that no target is read as one of its values.
    return [*words, "--quiet", *SILENT] if silent else words


def setting(key: str, value: object) -> str:
    """`key=value` for Snakemake's `--config`, which strips outer quotes and parses YAML.

    In YAML ` #` starts a comment; the surrounding spaces keep the quotes.
    """
    return f"{key}= {json.dumps(str(value), ensure_ascii=False)} "


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command(context_settings=AS_THEY_ARE)(run)
