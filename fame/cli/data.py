"""Verbs about videos: make a mini world, index a dataset."""

from pathlib import Path
from typing import Annotated

import typer

from fame.cli.options import ScaleOption

DataOption = Annotated[
    str, typer.Option("--data", help="A data instance: a dataset's key, with -wSEED for a world.")
]


def world(
    scale: ScaleOption,
    data: DataOption,
    out: Annotated[Path, typer.Option("--out", help="The folder to make.")],
) -> None:
    """Generate a mini world: real video files, laid out as the dataset that it stands in for."""
    from fame.config.reading import load_scale
    from fame.data.instances import generate

    generate(load_scale(scale), data, out)


def index(
    scale: ScaleOption,
    data: DataOption,
    out: Annotated[Path, typer.Option("--out", help="The manifest to write (.parquet).")],
    world: Annotated[
        Path | None, typer.Option("--world", help="The folder of a mini world.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Videos opened at a time.")] = 1,
) -> None:
    """Read a dataset's annotations, open every video, and write the manifest.

    Beside it stand absent.csv and unnamed.csv: videos only in the lists, or only on the disk; and
    quarantine.csv: videos that cannot be used, with the reasons.
    """
    from fame.config.reading import load_scale
    from fame.data.instances import read

    read(load_scale(scale), data, world, workers, out.parent).write(out)


def add(app: typer.Typer) -> None:
    """Register the verbs."""
    app.command()(world)
    app.command()(index)
