"""The command line: one small module per verb. Heavy imports wait until a verb runs."""

import errno
import sys

import typer

from fame.cli import (
    acquire,
    bias,
    claims,
    data,
    embedding,
    encoders,
    evaluate,
    evaluation,
    figures,
    masks,
    plan,
    report,
    reporting,
    run,
    status,
)
from fame.errors import FameError
from fame.processes import end_with_workflow

UNWRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

app = typer.Typer(
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
    """Run the command line; a `FameError` becomes one sentence and its exit status."""
    try:
        end_with_workflow()
        app()
    except FameError as error:
        print(f"fame: {error}", file=sys.stderr)
        sys.exit(error.status)
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        print(f"fame: {_unwritable(error)}", file=sys.stderr)
        sys.exit(1)


def _unwritable(error: OSError) -> str:
    """One sentence about a disk that is full or may not be written."""
    place = error.filename or "a file"
    return (
        f"{place} could not be read or written ({error.strerror}); free space or mend the "
        "permissions and run the same command again"
    )
