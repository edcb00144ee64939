"""How many videos a data instance holds: indexed, listed on disk, or as the official lists say."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from fame.config.datasets import Folder, Own, Synthetic
from fame.config.layouts import SPLITS, splits_of
from fame.config.scale import Scale
from fame.config.sources import load_sources
from fame.core.errors import FameError
from fame.pipeline.experiments import split_data_id
from fame.pipeline.paths import Places

Source = Literal["indexed", "generated", "listed", "official"]


@dataclass(frozen=True)
class Counts:
    """Videos of each split.

    Attributes:
        source: `indexed` (the manifest), `generated` (the world's settings), `listed` (the
            dataset's lists and folders) or `official` (published counts; nothing is on disk).
        decoded: mean bytes of a decoded video as it is read; None where nothing tells.
        size: bytes of the videos on disk, about; None where nothing tells.
        missing: why the dataset cannot be used yet, a sentence; None if it can.
    """

    train: int
    val: int
    test: int
    unused: int
    source: Source
    decoded: int | None = None
    size: int | None = None
    missing: str | None = None

    @property
    def usable(self) -> int:
        """Videos that have features."""
        return self.train + self.val + self.test

    @property
    def every(self) -> int:
        """All videos, those that a split leaves out included."""
        return self.usable + self.unused


def count(scale: Scale, data: str, root: Path) -> Counts:
    """The videos of a data instance.

    Args:
        scale: which defines it.
        data: for example `ucf101`, or `ucf101-w0` for a mini world.
        root: `results/<scale>`.

    Raises:
        FameError: the scale has no such instance, its manifest is broken, or nothing tells how
            many videos a dataset of one's own has.
    """
    name, _ = split_data_id(scale, data)
    dataset = scale.datasets[name]
    manifest = Places(root).manifest(data)
    size = _generated_size(dataset) if isinstance(dataset, Synthetic) else _official_size(dataset)
    if manifest.is_file():
        return _indexed(manifest, scale.max_short_side, size)
    if isinstance(dataset, Synthetic):
        world = dataset.world
        decoded = world.frames * 3 * world.size**2
        numbers = (world.train, world.val, world.test, world.unused)
        return Counts(*numbers, "generated", decoded, size)
    return _real(name, dataset, size)


def _generated_size(dataset: Synthetic) -> int:
    """At most the bytes of a world on disk: its frames as they are; FFV1 makes them fewer."""
    world = dataset.world
    videos = world.train + world.val + world.test + world.unused
    return videos * world.frames * 3 * world.size**2


def _official_size(dataset: Folder | Own) -> int | None:
    """Bytes of the videos, and of archives that are kept."""
    source = load_sources().get(dataset.kind)
    return source.room if source else None


def _indexed(path: Path, max_short_side: int | None, size: int | None) -> Counts:
    from fame.data.manifest import OK, Manifest

    table = Manifest.read(path).table
    table = table[table["status"] == OK]
    shrink = (
        1.0
        if max_short_side is None
        else (max_short_side / table[["height", "width"]].min(axis=1)).clip(upper=1)
    )
    pixels = table["frames"] * table["height"] * table["width"] * shrink**2
    decoded = int(3 * pixels.mean()) if len(table) else None
    return Counts(**_splits(table["split"]), source="indexed", decoded=decoded, size=size)


def _splits(column: Iterable[str]) -> dict[str, Any]:
    """Videos of each split."""
    found = Counter(column)
    return {split: found[split] for split in ("train", "val", "test", "unused")}


def _real(name: str, dataset: Folder | Own, size: int | None) -> Counts:
    """A real dataset that is not indexed yet: what is on disk, else the official counts."""
    from fame.data.annotations import refuse_absent
    from fame.data.instances import matched

    try:
        root, found = matched(dataset, name, None)
        refuse_absent(found, root, dataset.missing)
    except FameError as error:
        return _official(name, dataset, str(error))
    return Counts(**_splits(found.table["split"]), source="listed", size=size)


def _official(name: str, dataset: Folder | Own, reason: str) -> Counts:
    if isinstance(dataset, Own):
        raise FameError(f"dataset {name}: {reason}")
    source = load_sources().get(dataset.kind)
    known = source.counts.get(dataset.split) if source else None
    if known is None:
        raise FameError(f"dataset {name}: {reason}")
    # Videos without public labels, as of the test lists of Kinetics-400, are in no such split.
    labelled = splits_of(dataset.kind)
    splits = {split: known.get(split, 0) if split in labelled else 0 for split in SPLITS}
    size = _official_size(dataset)
    return Counts(**splits, source="official", size=size, missing=f"{name}: {reason}")
