"""The command line: one module per group of commands. Heavy imports wait until a command runs."""

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

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


FIRST = {
    "Make and check results": ("plan", "run", "status", "verify"),
    "Use an encoder": ("evaluate", "embed", "search", "export"),
    "Look at videos and masks": ("mask", "mask-sheet"),
    "Get datasets": ("acquire",),
}
"""What people use first, which `fame --help` shows under these headings; the workflow calls the
others."""


class Commands(TyperGroup):
    """The commands; a former name is refused with the current one."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the arguments name."""
        if args and args[0] in RENAMED:
            raise FameError(f"`fame {args[0]}` is called `fame {RENAMED[args[0]]}` now; use that")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=Commands,
    help="FAME: contrastive video representations by foreground-background merging.",
    epilog="`fame --help-all` lists the workflow's own commands too: one for each rule.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

GROUPS = {
    "Runs": (plan, run, status),
    "Your videos": (search, masks),
    "Data": (acquire, data),
    "Encoders": (pretrain, export),
    "Evaluation": (evaluation,),
    "Figures": (figures,),
    "Tables, claims and the page": (report, compare),
    "Configuration": (schema,),
}
"""The headings of the whole help, and the modules with their commands."""


def _list_all(ctx: typer.Context, asked: bool) -> None:
    """Print the help with the hidden commands, and end."""
    if asked:
        for command in ctx.command.commands.values():  # type: ignore[attr-defined]
            command.hidden = False
        print(ctx.get_help())
        raise typer.Exit


@app.callback()
def _whole(
    everything: Annotated[
        bool,
        typer.Option(
            "--help-all",
            is_eager=True,
            callback=_list_all,
            help="List every command, the workflow's own too.",
        ),
    ] = False,
) -> None:
    """The options of `fame` itself; typer shows the app's own help instead of this."""


def _add(title: str, commands: ModuleType) -> None:
    """Register the commands of a file; those not used first are hidden, under a heading."""
    known = len(app.registered_commands)
    commands.add(app)
    first = {name: heading for heading, names in FIRST.items() for name in names}
    for command in app.registered_commands[known:]:
        name = command.name or command.callback.__name__.replace("_", "-")  # type: ignore[union-attr]
        command.rich_help_panel = first.get(name, f"The workflow's own: {title}")
        command.hidden = name not in first


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
