"""Commands for videos: generate a mini world, index a dataset, make small copies."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fame.cli.options import ScaleOption, check_out
from fame.core.errors import FameError

if TYPE_CHECKING:
    from fame.data.manifest import Manifest

DataOption = Annotated[
    str, typer.Option("--data", help="A data instance: a dataset's key, with -wSEED for a world.")
]


def world(
    scale: ScaleOption,
    data: DataOption,
    out: Annotated[Path, typer.Option("--out", help="The folder to make.")],
) -> None:
    """Generate a mini world: video files in the layout of the dataset that it imitates."""
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
    tables: Annotated[
        Path | None,
        typer.Option("--tables", help="Tables for whose evaluations the videos must suffice."),
    ] = None,
) -> None:
    """Read a dataset's annotations, open every video, and write the manifest.

    Also writes, beside it, absent.csv (videos only in the lists), unnamed.csv (videos only on disk)
    and quarantine.csv (unusable videos, with the reasons).
    """
    from fame.config.reading import load_scale
    from fame.data.instances import read

    check_out(out, ".parquet")
    videos = read(load_scale(scale), data, world, workers, out.parent)
    if tables is not None:
        _check_evaluations(videos, scale, tables)
    videos.write(out)


def _check_evaluations(videos: "Manifest", scale: str, tables: Path) -> None:
    """Refuse videos on which the tables' evaluations would fail."""
    from fame.evaluate.sufficient import check, tasks_on
    from fame.pipeline.experiments import Experiments

    experiments = Experiments(scale, tables)
    check(videos, experiments.scale, tasks_on(experiments, videos.dataset))


OriginalsOption = Annotated[
    Path, typer.Option("--originals", help="The manifest of the originals.")
]


def prepare(
    scale: ScaleOption,
    data: DataOption,
    originals: OriginalsOption,
    out: Annotated[Path, typer.Option("--out", help="The record to write (.json).")],
    shard: Annotated[int, typer.Option(min=0, help="Which part of the videos, from 0.")] = 0,
    shards: Annotated[int, typer.Option(min=1, help="How many parts there are.")] = 1,
    workers: Annotated[int, typer.Option(min=1, help="Videos copied at a time.")] = 1,
) -> None:
    """Make small copies of a part of a dataset's videos; finished ones are kept."""
    from fame.config.reading import load_scale
    from fame.core.files import write_json
    from fame.data.instances import copy_shard
    from fame.data.manifest import Manifest

    check_out(out, ".json", inputs=[originals])
    if shard >= shards:
        raise FameError(
            f"--shard {shard}: {shards} shards are numbered 0 to {shards - 1}; give one"
        )
    videos = Manifest.read(originals)
    write_json(out, copy_shard(load_scale(scale), data, videos, shard, shards, workers))


def gather(
    scale: ScaleOption,
    data: DataOption,
    originals: OriginalsOption,
    records: Annotated[
        list[Path], typer.Argument(help="The records that `prepare` wrote, of all parts.")
    ],
    out: Annotated[Path, typer.Option("--out", help="The manifest to write (.parquet).")],
) -> None:
    """Write the manifest of the copies, and prepared.json beside it: space and quality."""
    from fame.config.reading import load_scale
    from fame.core.files import read_json, write_json
    from fame.data.instances import gather_shards
    from fame.data.manifest import Manifest
    from fame.data.prepare import summary

    check_out(out, ".parquet", inputs=[originals, *records])
    by_video = {video: one for path in records for video, one in read_json(path).items()}
    videos = Manifest.read(originals)
    copies = gather_shards(load_scale(scale), data, videos, by_video, out.parent)
    write_json(out.with_name("prepared.json"), summary(by_video.values()))
    copies.write(out)


def add(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(world)
    app.command()(index)
    app.command()(prepare)
    app.command()(gather)
