"""What jobs read and write: the videos of each dataset, disk, and memory."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fame.config.datasets import Folder, Own, Synthetic
from fame.config.layouts import SPLITS, splits_of
from fame.config.scale import Scale
from fame.config.sources import load_sources
from fame.core.errors import FameError
from fame.evaluate.bias.scores import CONDITIONS
from fame.operate.plan.estimate import History
from fame.operate.plan.jobs import Task
from fame.pipeline.paths import Places
from fame.pipeline.runs import split_data_id
from fame.pipeline.tasks import normalisations_of

Source = Literal["indexed", "generated", "listed", "official"]


@dataclass(frozen=True)
class Counts:
    """How many videos a data instance holds.

    Attributes:
        splits: videos of each of `SPLITS`.
        source: `indexed` (the manifest), `generated` (the world's settings), `listed` (the
            dataset's lists and folders) or `official` (published counts; nothing is on disk).
        size: bytes of the videos on disk, about; None if unknown.
        missing: why the dataset cannot be used yet, a sentence; None if it can.
    """

    splits: Mapping[str, int]
    source: Source
    size: int | None = None
    missing: str | None = None

    @property
    def usable(self) -> int:
        """Videos that have features."""
        return self.every - self.splits["unused"]

    @property
    def every(self) -> int:
        """All videos, those that no split uses included."""
        return sum(self.splits.values())


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
        from fame.data.manifest import OK, Manifest

        table = Manifest.read(manifest).table
        return Counts(_splits(table["split"][table["status"] == OK]), "indexed", size)
    if isinstance(dataset, Synthetic):
        numbers = {split: dataset.world.videos(split) for split in SPLITS}
        return Counts(numbers, "generated", size)
    return _real(name, dataset, size)


def _generated_size(dataset: Synthetic) -> int:
    """At most the bytes of a world: frames as they are and in FFV1, which is less; its sound."""
    from fame.data.synthetic.world import FPS
    from fame.data.video.sound import RATE

    world = dataset.world
    frame = 2 * 3 * world.size**2 + (2 * RATE // FPS if world.sound else 0)
    return sum(map(world.videos, SPLITS)) * world.frames * frame


def _official_size(dataset: Folder | Own) -> int | None:
    """Bytes of the videos, and of archives that are kept."""
    source = load_sources().get(dataset.kind)
    return source.room if source else None


def _splits(column: Iterable[str]) -> dict[str, int]:
    """Videos of each split."""
    counted = Counter(column)
    return {split: counted[split] for split in SPLITS}


def _real(name: str, dataset: Folder | Own, size: int | None) -> Counts:
    """A real dataset that is not indexed yet: what is on disk, else the official counts."""
    from fame.data.annotations import refuse_absent
    from fame.data.instances import matched

    try:
        root, listed = matched(dataset, name, None)
        refuse_absent(listed, root, dataset.missing)
    except FameError as error:
        return _official(name, dataset, str(error))
    return Counts(_splits(listed.table["split"]), "listed", size)


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
    return Counts(splits, "official", size, missing=f"{name}: {reason}")


DOWNLOAD = "to be downloaded, about"

_ENCODING = ("features", "conditions")
"""The rules that write features."""
"""The note of a dataset that is not there; its size is that of archives and videos."""


@dataclass(frozen=True)
class Space:
    """Bytes of one kind of file, or None if unknown; `note` says more."""

    name: str
    size: int | None
    note: str

    @property
    def local(self) -> bool:
        """Whether it goes below results/, as downloads do not."""
        return self.note != DOWNLOAD


def disk(
    scale: Scale,
    tasks: Sequence[Task],
    counts: Callable[[str], Counts],
    history: History,
) -> list[Space]:
    """What the jobs that are still to be done will write, and the datasets they read.

    Args:
        scale: of the jobs.
        tasks: all jobs, done ones too.
        counts: videos of a data instance.
        history: finished jobs, which know the size of encoders.
    """
    to_do = [task for task in tasks if not task.job.done]
    spaces = [_dataset(scale, data, counts(data)) for data in _data_of(to_do)]
    merged = _merged([space for space in spaces if space is not None])
    runs = [task for task in to_do if task.job.rule == "pretrain"]
    sizes = _encoders(history)
    training = any(task.run is not None and task.run.pretrain for task in runs)
    features = [_features(scale, task, counts) for task in to_do if task.job.rule in _ENCODING]
    return [
        *merged,
        Space("encoders", _sum(sizes.get(task.backbone) for task in runs), f"of {len(runs)} runs"),
        Space("checkpoints", None if training else 0, "while training, then removed"),
        Space("features", _sum(features), f"of {len(features)} encodings of a dataset"),
    ]


def _data_of(tasks: Iterable[Task]) -> list[str]:
    return list(dict.fromkeys(task.data for task in tasks if task.data))


def _dataset(scale: Scale, data: str, videos: Counts) -> Space | None:
    name, _ = split_data_id(scale, data)
    if isinstance(scale.datasets[name], Synthetic):
        fresh = videos.source == "generated"
        return Space(name, videos.size, "generated, at most") if fresh else None
    if videos.missing:
        return Space(name, videos.size, DOWNLOAD)
    return None


def _merged(spaces: Sequence[Space]) -> list[Space]:
    """The worlds of all seeds together."""
    names = dict.fromkeys(space.name for space in spaces)
    return [
        Space(name, _sum(space.size for space in same), same[0].note)
        for name in names
        for same in [[space for space in spaces if space.name == name]]
    ]


def _sum(sizes: Iterable[int | None]) -> int | None:
    """The sum, or None if one of them is not known."""
    known = list(sizes)
    return None if any(size is None for size in known) else sum(size or 0 for size in known)


def _encoders(history: History) -> dict[str, int]:
    """Bytes of an encoder of each backbone, as finished runs have it."""
    measured = history.by_kind.items()
    return {backbone: one.encoder for (_, _, backbone, _), one in measured if one.encoder}


def _features(scale: Scale, task: Task, counts: Callable[[str], Counts]) -> int:
    """Bytes of an encoder's features: float32, of every clip that it encodes."""
    assert task.data is not None
    videos, evaluate = counts(task.data), scale.evaluate
    if task.job.rule == "features":
        vectors = videos.usable * evaluate.clips * len(normalisations_of(scale))
    else:
        assert evaluate.bias is not None
        vectors = videos.splits["test"] * evaluate.bias.clips * len(CONDITIONS)
    return vectors * 4 * scale.backbones[task.backbone].encoder.feature_dim


def free(place: Path) -> int:
    """Free bytes of the disk that holds a folder, or will hold it."""
    return shutil.disk_usage(existing(place)).free


def existing(place: Path) -> Path:
    """The folder itself, or the nearest one above it that exists."""
    absolute = place.absolute()
    return next(folder for folder in (absolute, *absolute.parents) if folder.exists())


@dataclass(frozen=True)
class Memory:
    """What a job takes, in MiB.

    Attributes:
        claimed: what the rules ask for.
        host: the most that was measured; None if nothing was.
        device: likewise, of one GPU.
    """

    claimed: int
    host: int | None
    device: int | None


def memory(scale: Scale, history: History) -> Memory:
    """The memory of one job."""
    measured = history.by_kind.values()
    host = max((int(one.host_mib) for one in measured), default=None)
    device = max((int(one.device_mib) for one in measured if one.device_mib), default=None)
    return Memory(scale.resources.mem_mb, host, device)
