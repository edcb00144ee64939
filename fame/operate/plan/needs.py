"""Disk and memory that jobs need, and what is missing before they can start."""

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fame.config.datasets import Synthetic
from fame.config.encoders import EncoderSettings
from fame.config.normalisation import needed
from fame.config.scale import Scale
from fame.evaluate.bias.scores import SHOWINGS
from fame.operate.plan.counts import Counts
from fame.operate.plan.hours import Rates
from fame.operate.plan.work import Task
from fame.pipeline.experiments import split_data_id

DOWNLOAD = "to be downloaded, about"
"""The note of a dataset that is not there; its size is that of archives and videos."""

CHECKPOINTS = 2
"""Kept of a training while it runs."""


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


def dimensions(settings: EncoderSettings) -> int:
    """Length of the pooled feature: exact for R(2+1)D, about right for a narrow I3D."""
    return (8 if settings.arch == "r2plus1d" else 16) * settings.width


def disk(
    scale: Scale,
    tasks: Sequence[Task],
    counts: Callable[[str], Counts],
    rates: Rates,
    at_a_time: int,
) -> list[Space]:
    """What the jobs that are still to be done will write, and the datasets they read.

    Args:
        scale: of the jobs.
        tasks: all jobs, done ones too.
        counts: videos of a data instance.
        rates: a profile or finished jobs, which know the size of encoders and checkpoints.
        at_a_time: trainings that run together.
    """
    to_do = [task for task in tasks if not task.job.done]
    spaces = [_dataset(scale, data, counts(data)) for data in _data_of(to_do)]
    merged = _merged([space for space in spaces if space is not None])
    runs = [task for task in to_do if task.job.rule == "pretrain"]
    sizes = _encoders(rates)
    features = [_features(scale, task, counts) for task in to_do if task.job.rule == "features"]
    return [
        *merged,
        Space("encoders", _sum(sizes.get(task.backbone) for task in runs), f"of {len(runs)} runs"),
        Space(
            "checkpoints",
            _checkpoints([task for task in runs if task.parts], rates, at_a_time),
            "while training, then removed",
        ),
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


def _encoders(rates: Rates) -> dict[str, int]:
    """Bytes of an encoder of each backbone, as the profile or finished runs have it."""
    if rates.pace is not None:
        entries = rates.pace.entries.values()
        return {one.backbone: one.encoder for one in entries if one.encoder}
    found = rates.history.found.items()
    return {backbone: one.encoder for (_, _, backbone, _), one in found if one.encoder}


def _checkpoints(trainings: Sequence[Task], rates: Rates, at_a_time: int) -> int | None:
    """The largest checkpoints that lie there at the same time."""
    if not trainings:
        return 0
    if rates.pace is None:
        return None
    names = [part.piece.name for task in trainings for part in task.parts]
    sizes = [entry.checkpoint for name in names if (entry := rates.pace.entries.get(name))]
    known = [size for size in sizes if size]
    return max(known) * CHECKPOINTS * min(at_a_time, len(trainings)) if known else None


def _features(scale: Scale, task: Task, counts: Callable[[str], Counts]) -> int:
    """Bytes of an encoder's features: float32, of every clip that it is shown."""
    assert task.data is not None
    found, evaluate = counts(task.data), scale.evaluate
    vectors = found.usable * evaluate.clips * len(needed(scale))
    if evaluate.bias:
        vectors += found.test * evaluate.bias.clips * len(SHOWINGS)
    return vectors * 4 * dimensions(scale.backbones[task.backbone].encoder)


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


def memory(scale: Scale, rates: Rates) -> Memory:
    """The memory of one job."""
    if rates.pace is not None:
        peaks = [entry.device_mib for entry in rates.pace.entries.values() if entry.device_mib]
        return Memory(scale.resources.mem_mb, rates.pace.host_mib, max(peaks, default=None))
    found = rates.history.found.values()
    host = max((int(one.host_mib) for one in found), default=None)
    device = max((int(one.device_mib) for one in found if one.device_mib), default=None)
    return Memory(scale.resources.mem_mb, host, device)
