"""Disk and memory that jobs need, and what is missing before they can start."""

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fame.config.datasets import Synthetic
from fame.config.normalisation import needed
from fame.config.scale import Scale
from fame.evaluate.bias.scores import SHOWINGS
from fame.operate.plan.counts import Counts
from fame.operate.plan.estimate import History
from fame.operate.plan.work import Task
from fame.pipeline.experiments import split_data_id

DOWNLOAD = "to be downloaded, about"
"""The note of a dataset that is not there; its size is that of archives and videos."""


@dataclass(frozen=True)
class Space:
    """What one kind of file takes: bytes, or None where nothing tells; `note` says more."""

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
    training = any(task.amounts for task in runs)
    features = [_features(scale, task, counts) for task in to_do if task.job.rule == "features"]
    return [
        *merged,
        Space("encoders", _sum(sizes.get(task.backbone) for task in runs), f"of {len(runs)} runs"),
        Space("checkpoints", None if training else 0, "while training, then removed"),
        Space("features", _sum(features), f"of {len(features)} encoders and datasets"),
    ]


def _data_of(tasks: Iterable[Task]) -> list[str]:
    return list(dict.fromkeys(task.data for task in tasks if task.data))


def _dataset(scale: Scale, data: str, found: Counts) -> Space | None:
    name, _ = split_data_id(scale, data)
    if isinstance(scale.datasets[name], Synthetic):
        fresh = found.source == "generated"
        return Space(name, found.size, "generated, at most") if fresh else None
    if found.missing:
        return Space(name, found.size, DOWNLOAD)
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
    found = history.found.items()
    return {backbone: one.encoder for (_, _, backbone, _), one in found if one.encoder}


def _features(scale: Scale, task: Task, counts: Callable[[str], Counts]) -> int:
    """Bytes of an encoder's features: float32, of every clip that it is shown."""
    assert task.data is not None
    found, evaluate = counts(task.data), scale.evaluate
    vectors = found.usable * evaluate.clips * len(needed(scale))
    if evaluate.bias:
        vectors += found.test * evaluate.bias.clips * len(SHOWINGS)
    return vectors * 4 * scale.backbones[task.backbone].encoder.feature_dim


def free(place: Path) -> int:
    """Free bytes of the disk that holds a folder, or will hold it."""
    there = place.absolute()
    while not there.exists():
        there = there.parent
    return shutil.disk_usage(there).free


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
    found = history.found.values()
    host = max((int(one.host_mib) for one in found), default=None)
    device = max((int(one.device_mib) for one in found if one.device_mib), default=None)
    return Memory(scale.resources.mem_mb, host, device)
