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
    from fame.config.scale import Synthetic
    from fame.data.synthetic import write_world
    from fame.errors import FameError
    from fame.experiments import split_data_id

    settings = load_scale(scale)
    name, seed = split_data_id(settings, data)
    dataset = settings.datasets[name]
    if not isinstance(dataset, Synthetic) or seed is None:
        raise FameError(f"{data} is a real dataset; only mini worlds are generated")
    write_world(dataset.world, seed, out)


def index(
    scale: ScaleOption,
    data: DataOption,
    out: Annotated[Path, typer.Option("--out", help="The manifest to write (.parquet).")],
    world: Annotated[
        Path | None, typer.Option("--world", help="The folder of a mini world.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Videos opened at a time.")] = 1,
) -> None:
    """Read a dataset's annotations, open every video, and write the manifest."""
    from fame.config.reading import expand, load_scale
    from fame.config.scale import Synthetic
    from fame.data.index import index as build
    from fame.errors import FameError
    from fame.experiments import split_data_id

    settings = load_scale(scale)
    name, _ = split_data_id(settings, data)
    dataset = settings.datasets[name]
    if isinstance(dataset, Synthetic):
        if world is None:
            raise FameError(f"{data} is a mini world; give its folder with --world")
        manifest = build(
            dataset.layout,
            root=world / "videos",
            annotations=world / "annotations",
            name=name,
            workers=workers,
        )
    else:
        manifest = build(
            dataset.layout,
            root=expand(dataset.root),
            annotations=expand(dataset.annotations) if dataset.annotations else None,
            split=dataset.split,
            missing=dataset.missing,
            tolerance=dataset.tolerance,
            name=name,
            workers=workers,
        )
    manifest.write(out)


def add(app: typer.Typer) -> None:
    """Register the verbs."""
    app.command()(world)
    app.command()(index)
