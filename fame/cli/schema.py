"""The command that writes the JSON schemas of the YAML files."""

from pathlib import Path
from typing import Annotated

import typer


def schema(
    out: Annotated[Path, typer.Option("--out", help="The folder to write to.")] = Path("config")
    / "schema",
) -> None:
    """Write the JSON schemas of scales, tables, figures, claims and sources, for editors."""
    from fame.config.json_schema import write

    for file in write(out):
        print(file)


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(schema)
