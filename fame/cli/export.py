"""The command that exports an encoder for others."""

from pathlib import Path
from typing import Annotated

import typer

from fame.cli.options import TABLES, TablesOption


def export(
    run: Annotated[str, typer.Argument(help="A run's id, or the path of its encoder or folder.")],
    out: Annotated[Path, typer.Option("--out", help="The folder to write; new or empty.")],
    scale: Annotated[
        str | None, typer.Option("--scale", help="Its scale (default: the card's; ids: mini).")
    ] = None,
    backbone: Annotated[
        str | None, typer.Option("--backbone", help="The scale's backbone, if several fit.")
    ] = None,
    tables: TablesOption = TABLES,
) -> None:
    """Export an encoder: safetensors, a config, and a model card with what was measured."""
    from fame.operate.export import export as write
    from fame.search.encoder_source import locate

    for file in write(locate(run, scale or "mini", tables), out, scale, backbone):
        print(file)


def add(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(export)
