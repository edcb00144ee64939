"""A data instance of a scale, from its settings: a mini world generated, a dataset indexed."""

from pathlib import Path

from fame.config.reading import expand
from fame.config.scale import Scale, Synthetic
from fame.data.index import index
from fame.data.manifest import Manifest
from fame.data.synthetic import write_world
from fame.errors import FameError
from fame.experiments import split_data_id


def generate(scale: Scale, data: str, out: Path) -> None:
    """Generate a mini world: real video files, laid out as the dataset that it stands in for.

    Args:
        scale: which defines it.
        data: for example `ucf101-w0`.
        out: the folder to make.

    Raises:
        FameError: `data` is no mini world, or `out` already holds something.
    """
    name, seed = split_data_id(scale, data)
    dataset = scale.datasets[name]
    if not isinstance(dataset, Synthetic) or seed is None:
        raise FameError(f"{data} is a real dataset; only mini worlds are generated")
    write_world(dataset.world, seed, out)


def read(
    scale: Scale, data: str, world: Path | None, workers: int, reports: Path | None = None
) -> Manifest:
    """Read a data instance's annotations and open every video.

    Args:
        scale: which says where it is.
        data: for example `ucf101`, or `ucf101-w0` for a mini world.
        world: the folder of a mini world.
        workers: videos opened at a time.
        reports: folder for the names of absent and unnamed videos.

    Raises:
        FameError: a mini world without its folder, or as `fame.data.index.index` says.
    """
    name, _ = split_data_id(scale, data)
    dataset = scale.datasets[name]
    if not isinstance(dataset, Synthetic):
        return index(
            dataset.layout,
            root=expand(dataset.root),
            annotations=expand(dataset.annotations) if dataset.annotations else None,
            split=dataset.split,
            missing=dataset.missing,
            tolerance=dataset.tolerance,
            name=name,
            workers=workers,
            reports=reports,
        )
    if world is None:
        raise FameError(f"{data} is a mini world; give its folder with --world")
    return index(
        dataset.layout,
        root=world / "videos",
        annotations=world / "annotations",
        name=name,
        workers=workers,
        reports=reports,
    )
