"""A few videos of a dataset, to try work on."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from fame.config.datasets import Folder, Own, Synthetic
from fame.config.scale import Scale
from fame.config.worlds import WorldConfig
from fame.data.index import Check, examine, index
from fame.data.instances import matched
from fame.data.manifest import OK, Manifest
from fame.data.synthetic import write_world
from fame.data.video.decode import read_frames
from fame.pipeline.experiments import data_id
from fame.pipeline.paths import Places

SPLITS = ("train", "test")


@dataclass(frozen=True)
class Sample:
    """Some training and test videos of a dataset.

    Attributes:
        manifest: all usable; both splits, unless the dataset lacks one.
        world: the folder of the mini world that they are of; None for real videos.
    """

    manifest: Manifest
    world: Path | None

    def part(self, split: str, count: int) -> Manifest:
        """The first `count` videos of a split.

        Raises:
            FameError: there is none.
        """
        found = self.manifest.select(split)
        return replace(found, table=found.table.head(count))


def sample(scale: Scale, dataset: str, root: Path, scratch: Path, sizes: tuple[int, int]) -> Sample:
    """Videos of a dataset, evenly spread over it.

    Of an indexed dataset its own; of a mini world that is not generated yet, others of its kind;
    of real videos that are not indexed yet, those on disk.

    Args:
        scale: which defines it.
        dataset: a key of its datasets.
        root: `results/<scale>`.
        scratch: an empty folder, for what must be generated.
        sizes: training and test videos, at most.

    Raises:
        FameError: the videos are not there, or one of those chosen cannot be decoded.
    """
    data = data_id(scale, dataset, scale.seeds[0])
    settings = scale.datasets[dataset]
    manifest, world = Places(root).manifest(data), Places(root).world(data)
    generated = isinstance(settings, Synthetic)
    if manifest.is_file() and (world.is_dir() or not generated):
        found = Manifest.read(manifest)
        chosen = replace(found, table=_spread(found.table[found.table["status"] == OK], sizes))
        return Sample(chosen, world if generated else None)
    if isinstance(settings, Synthetic):
        return _small_world(settings.world, dataset, scratch / "world", sizes)
    return Sample(_on_disk(settings, dataset, sizes), None)


def _spread(table: pd.DataFrame, sizes: tuple[int, int]) -> pd.DataFrame:
    """Rows from the first to the last of each split."""
    parts = []
    for split, count in zip(SPLITS, sizes, strict=True):
        rows = table[table["split"] == split]
        places = np.unique(np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(int))
        parts.append(rows.iloc[places] if len(rows) else rows)
    return pd.concat(parts)


def _small_world(world: WorldConfig, dataset: str, place: Path, sizes: tuple[int, int]) -> Sample:
    """A world like another, but of a few videos."""
    train, test = (min(n, world.videos(s)) for n, s in zip(sizes, SPLITS, strict=True))
    small = world.model_copy(update={"train": train, "test": test, "val": 0, "unused": 0})
    write_world(small, 0, place)
    manifest = index(
        world.layout,
        root=place / "videos",
        annotations=place / "annotations",
        name=dataset,
        progress=False,
    )
    return Sample(manifest, place)


def _on_disk(settings: Folder | Own, dataset: str, sizes: tuple[int, int]) -> Manifest:
    """Real videos that are not indexed yet; those that are chosen are decoded."""
    root, found = matched(settings, dataset, None)
    chosen = replace(found, table=_spread(found.table, sizes), absent=(), unnamed=())
    check = Check(settings.verify.frames, settings.verify.seconds, progress=False)
    return examine(chosen, root, name=dataset, missing="skip", tolerance=0, check=check)


class Samples:
    """One sample of each dataset, made when it is first asked for.

    Args:
        make: a dataset's sample, given its name and an empty folder.
        scratch: for what must be generated; kept until the caller removes it.
    """

    def __init__(self, make: Callable[[str, Path], Sample], scratch: Path) -> None:
        self._make, self._scratch = make, scratch
        self._found: dict[str, Sample] = {}

    def __getitem__(self, dataset: str) -> Sample:
        """As `make` makes it."""
        if dataset not in self._found:
            place = self._scratch / dataset
            place.mkdir()
            self._found[dataset] = self._make(dataset, place)
        return self._found[dataset]


def checked_frames(manifest: Manifest) -> None:
    """Decode the first, the middle and the last frame of each video.

    Raises:
        FameError: one of them cannot be decoded.
    """
    for _, video in manifest.table.iterrows():
        first, frames = int(video["start"]), int(video["frames"])
        wanted = [first, first + frames // 2, first + frames - 1]
        read_frames(manifest.root / video["path"], wanted)
