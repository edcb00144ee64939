"""The command line: one module per group of commands. Heavy imports wait until a command runs."""

import os
import sys
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from fame.cli import (
    acquire,
    bias,
    claims,
    data,
    evaluate,
    evaluation,
    figures,
    masks,
    plan,
    run,
    status,
)
from fame.cli import page as report
from fame.cli import pretrain as encoders
from fame.cli import search as embedding
from fame.cli import tables as reporting
from fame.core.errors import FameError
from fame.core.files import UNWRITABLE, unusable
from fame.core.processes import end_with_workflow

RENAMED = {"extract": "features", "retrieve": "retrieval", "provide": "source"}
"""Commands that were called otherwise once, and their names now."""


class Commands(TyperGroup):
    """The commands; one that was renamed says its new name."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the words name."""
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
PEOPLE = (plan, run, status, acquire, evaluate, embedding, masks)
WORKFLOW = (data, encoders, evaluation, bias, figures, claims, reporting, report)
for room in (*PEOPLE, *WORKFLOW):
    room.add(app)


def main() -> None:
    """Run the command line; a `FameError` prints one sentence and sets the exit status."""
    _open_closed()
    try:
        end_with_workflow()
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


def _open_closed() -> None:
    """Replace outputs that the caller closed (`2>&-`), which bars and prints write to."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - for the whole process
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - for the whole process
