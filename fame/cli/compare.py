"""The command that puts two results side by side."""

from pathlib import Path
from typing import Annotated

import typer

from fame.cli.options import check_out
from fame.core.errors import FameError
from fame.core.files import replacing


def compare(
    a: Annotated[
        str, typer.Argument(help="A folder of results, such as results/mini, or a scale.")
    ],
    b: Annotated[str, typer.Argument(help="Another; differences are B less A.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="A .csv to write the cells to as well.")
    ] = None,
    results: Annotated[
        Path, typer.Option("--results", help="The folder of results that has the scales.")
    ] = Path("results"),
) -> None:
    """Put two results side by side: cells, differences, and which recipes and versions differ."""
    from fame.report.compare.cells import matches
    from fame.report.compare.sides import side
    from fame.report.compare.text import frame, text

    if out is not None:
        check_out(out, ".csv")
    left, right = side(a, results), side(b, results)
    found = matches(left, right)
    if not found:
        raise FameError(
            f"neither {left.folder} nor {right.folder} has a measured cell; make tables first"
        )
    print(text(left, right, found), end="")
    if out is not None:
        with replacing(out) as file:
            file.write(frame(found).to_csv(index=False, lineterminator="\n").encode())


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(compare)
