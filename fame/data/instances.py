"""A data instance of a scale, from its settings: a mini world generated, a dataset indexed."""

from pathlib import Path

from fame.config.reading import expand
from fame.config.scale import Dataset, Own, Scale, Synthetic
from fame.data import annotations
from fame.data.annotations import Annotations, Missing, folder
from fame.data.annotations.grouped import Shares
from fame.data.index import Check, examine
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
        reports: folder for the names of absent, unnamed and quarantined videos.

    Raises:
        FameError: a mini world without its folder, or as the annotations' readers and
            `fame.data.index.examine` say.
    """
    name, _ = split_data_id(scale, data)
    dataset = scale.datasets[name]
    root, found = matched(dataset, data, world)
    if isinstance(dataset, Synthetic):
        missing: Missing = "error"
        tolerance, check = 0.0, Check(workers=workers)
    else:
        missing, tolerance = dataset.missing, dataset.tolerance
        check = Check(dataset.verify.frames, dataset.verify.seconds, workers)
    return examine(
        found,
        root,
        name=name,
        missing=missing,
        tolerance=tolerance,
        check=check,
        reports=reports,
    )


def matched(dataset: Dataset, data: str, world: Path | None) -> tuple[Path, Annotations]:
    """The folder of a dataset's videos, and what its annotations say of them."""
    if isinstance(dataset, Synthetic):
        if world is None:
            raise FameError(f"{data} is a mini world; give its folder with --world")
        root = world / "videos"
        return root, annotations.match(dataset.layout, root, world / "annotations")
    root = expand(dataset.root)
    lists = expand(dataset.annotations) if dataset.annotations else None
    if isinstance(dataset, Own):
        shares = Shares(dataset.val, dataset.test, dataset.split_seed)
        layout = folder.Layout(dataset.labels, lists, dataset.group, shares)
        return root, folder.match(root, layout)
    return root, annotations.match(dataset.layout, root, lists, dataset.split)
