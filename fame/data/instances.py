"""Make a scale's data instances: generate mini worlds, index datasets, copy videos."""

from pathlib import Path
from typing import Any

from fame.config.datasets import Dataset, Folder, Own, Prepare, Synthetic
from fame.config.reading import expand, expand_both
from fame.config.scale import Scale
from fame.core.errors import FameError
from fame.data import datasets, own
from fame.data.annotations import Annotations, Missing
from fame.data.groups import Shares
from fame.data.index import Check, examine
from fame.data.manifest import Manifest
from fame.data.prepare import gather, prepare
from fame.data.synthetic import write_world
from fame.data.video.transcode import Copying
from fame.pipeline.runs import split_data_id

_SLOWER = 10
"""Factor between the time limits for copying and for checking a video."""


def generate(scale: Scale, data: str, out: Path) -> None:
    """Generate a mini world: video files in the layout of the dataset that it imitates.

    Args:
        scale: defines the world.
        data: for example `ucf101-w0`.
        out: the folder to create.

    Raises:
        FameError: `data` is not a mini world, or `out` is not empty.
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
        scale: says where the videos are.
        data: for example `ucf101`, or `ucf101-w0` for a mini world.
        world: the folder of a mini world.
        workers: videos opened at a time.
        reports: folder for the lists of absent, unnamed and quarantined videos.

    Raises:
        FameError: a mini world without its folder, or as the annotations' readers and
            `fame.data.index.examine`.
    """
    name, _ = split_data_id(scale, data)
    dataset = scale.datasets[name]
    root, annotations = matched(dataset, data, world)
    if isinstance(dataset, Synthetic):
        missing: Missing = "error"
        tolerance, check = 0.0, Check(workers=workers)
    else:
        missing, tolerance = dataset.missing, dataset.tolerance
        check = Check(dataset.verify.frames, dataset.verify.seconds, workers)
    return examine(
        annotations,
        root,
        name=name,
        missing=missing,
        tolerance=tolerance,
        check=check,
        reports=reports,
    )


def matched(dataset: Dataset, data: str, world: Path | None) -> tuple[Path, Annotations]:
    """The folder of a dataset's videos, and their annotations."""
    if isinstance(dataset, Synthetic):
        if world is None:
            raise FameError(f"{data} is a mini world; give its folder with --world")
        root = world / "videos"
        return root, datasets.match(dataset.layout, root, world / "annotations")
    root, lists = expand_both(dataset.root, dataset.annotations)
    if isinstance(dataset, Own):
        shares = Shares(dataset.val, dataset.test, dataset.split_seed)
        layout = own.Layout(dataset.labels, lists, dataset.group, shares)
        return root, own.match(root, layout)
    return root, datasets.match(dataset.layout, root, lists, dataset.split)


def copy_shard(
    scale: Scale, data: str, originals: Manifest, shard: int, shards: int, workers: int
) -> dict[str, dict[str, Any]]:
    """Make one shard of a dataset's copies; existing copies are kept.

    Args:
        scale: holds the settings of the copies.
        data: a real dataset.
        originals: the manifest of its videos.
        shard: number of the shard, from 0.
        shards: number of shards.
        workers: videos copied at a time.

    Returns:
        As `fame.data.prepare.prepare`.

    Raises:
        FameError: the scale does not prepare this dataset, or the manifest is of another one.
    """
    dataset, settings = _prepared(scale, data)
    if originals.dataset != data:
        raise FameError(f"the manifest is of {originals.dataset}, not of {data}; give the other")
    return prepare(
        originals,
        expand(settings.to),
        Copying(settings.short_side, settings.crf, settings.keyframes),
        seconds=_SLOWER * dataset.verify.seconds,
        shard=shard,
        shards=shards,
        workers=workers,
    )


def gather_shards(
    scale: Scale,
    data: str,
    originals: Manifest,
    records: dict[str, dict[str, Any]],
    reports: Path | None = None,
) -> Manifest:
    """The manifest of a dataset's copies; see `fame.data.prepare.gather`."""
    dataset, settings = _prepared(scale, data)
    to, tolerance = expand(settings.to).absolute(), dataset.tolerance
    return gather(originals, to, records, tolerance=tolerance, reports=reports)


def _prepared(scale: Scale, data: str) -> tuple[Folder | Own, Prepare]:
    name, _ = split_data_id(scale, data)
    dataset = scale.datasets[name]
    if isinstance(dataset, Synthetic) or dataset.prepare is None:
        raise FameError(f"scale {scale.name} does not prepare {data}; set its prepare first")
    root, to = expand(dataset.root).resolve(), expand(dataset.prepare.to).resolve()
    if root == to or root in to.parents or to in root.parents:
        raise FameError(
            f"{data}: prepare.to ({to}) must lie apart from the originals ({root}), or copies "
            "would be indexed among them; name another folder"
        )
    return dataset, dataset.prepare


def manifest(scale: Scale, data: str, world: Path | None, workers: int, reports: Path) -> Manifest:
    """Index a data instance and, if the scale says so, copy its videos, as the workflow does."""
    indexed = read(scale, data, world, workers, reports)
    dataset = scale.datasets[split_data_id(scale, data)[0]]
    if isinstance(dataset, Synthetic) or dataset.prepare is None:
        return indexed
    records = copy_shard(scale, data, indexed, 0, 1, workers)
    return gather_shards(scale, data, indexed, records, reports)
