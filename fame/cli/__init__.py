"""The command line: one module per group of commands. Heavy imports wait until a command runs."""

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from types import ModuleType
from typing import Any

import typer
from typer.core import TyperGroup

from fame.cli import (
    acquire,
    compare,
    data,
    evaluation,
    export,
    figures,
    masks,
    plan,
    pretrain,
    report,
    run,
    schema,
    search,
    status,
)
from fame.cli.job_log import job_log
from fame.core.errors import FameError
from fame.core.files import UNWRITABLE, unusable
from fame.core.processes import end_with_workflow

RENAMED = {
    "extract": "features",
    "retrieve": "retrieval",
    "provide": "source",
    "bias-summary": "figure bias",
    "mask-quality-summary": "figure mask_quality",
    **{f"figure{number}": f"figure figure{number}" for number in range(1, 5)},
}
"""Former names of commands, and the current ones."""


class Commands(TyperGroup):
    """The commands; a former name is refused with the current one."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the arguments name."""
        if args and args[0] in RENAMED:
            raise FameError(f"`fame {args[0]}` is called `fame {RENAMED[args[0]]}` now; use that")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=Commands,
    help="FAME: contrastive video representations by foreground-background merging. "
    "Every rule of the workflow calls one of these commands.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

GROUPS = {
    "Plan, run and check": (plan, run, status),
    "Your videos": (search, masks),
    "Data": (acquire, data),
    "Encoders": (pretrain, export),
    "Evaluation": (evaluation,),
    "Figures": (figures,),
    "Tables, claims and the page": (report, compare),
    "Configuration": (schema,),
}
"""The headings of the help, and the modules with their commands."""


def _add(title: str, commands: ModuleType) -> None:
    """Register the commands of a file under a heading of the help."""
    known = len(app.registered_commands)
    commands.add(app)
    for command in app.registered_commands[known:]:
        command.rich_help_panel = title


for heading, files in GROUPS.items():
    for file in files:
        _add(heading, file)


def main() -> None:
    """Run the command line; a `FameError` prints one sentence and sets the exit status."""
    _open_closed()
    print_any_name()
    try:
        end_with_workflow()
        with job_log(sys.argv[1:], _purpose):
            app()
    except FameError as error:
        print(f"fame: {error}", file=sys.stderr)
        sys.exit(error.status)
    except OSError as error:
        if error.filename is None and error.errno not in UNWRITABLE:
            raise
        place = Path("a file" if error.filename is None else os.fsdecode(error.filename))
        print(f"fame: {unusable(place, error, 'read or written')}", file=sys.stderr)
        sys.exit(1)


def _purpose() -> str:
    """The first sentence of the help of the command that is called."""
    called = (sys.argv[1:] or [""])[0]
    for command in app.registered_commands:
        function = command.callback
        if function and called == (command.name or function.__name__.replace("_", "-")):
            return (function.__doc__ or "").strip().split("\n")[0]
    return ""


def print_any_name() -> None:
    """Print a file's name that is not UTF-8 with escapes, as errors do."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _open_closed() -> None:
    """Replace outputs that the caller closed (`2>&-`), which bars and prints write to."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - for the whole process
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - for the whole process
