"""The command line: one small module per verb. Heavy imports wait until a verb runs."""

import sys

import typer

from fame.cli import (
    bias,
    claims,
    data,
    embedding,
    encoders,
    evaluate,
    evaluation,
    figures,
    masks,
    report,
    reporting,
)
from fame.errors import FameError

app = typer.Typer(
    help="FAME: contrastive video representations by foreground-background merging. "
    "Every rule of the workflow calls one of these commands.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
PEOPLE = (evaluate, embedding, masks)
WORKFLOW = (data, encoders, evaluation, bias, figures, claims, reporting, report)
for room in (*PEOPLE, *WORKFLOW):
    room.add(app)


def main() -> None:
    """Run the command line; a `FameError` becomes one sentence and exit status 1."""
    try:
        app()
    except FameError as error:
        print(f"fame: {error}", file=sys.stderr)
        sys.exit(1)
