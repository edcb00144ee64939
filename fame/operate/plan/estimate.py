"""How long jobs take, from finished ones: measured or unknown, never guessed.

Run cards and Snakemake's benchmark files below results/<scale> record the time of finished jobs.
Several GPUs are assumed to share work without loss.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fame.core.errors import FameError
from fame.core.files import read_json
from fame.operate.plan.jobs import Job, Kind, Task
from fame.pipeline.paths import Places
from fame.pipeline.steps import RULES


@dataclass(frozen=True)
class Measured:
    """Finished jobs of one kind: their number, mean (GPU-)seconds and peak memory.

    Attributes:
        seconds: of a job, times the devices that it had.
        host_mib: the most that one took.
        device_mib: likewise of one GPU; None without one.
        encoder: bytes of the encoder, for pretraining.
    """

    jobs: int
    seconds: float
    host_mib: float
    device_mib: float | None = None
    encoder: int | None = None


@dataclass(frozen=True)
class History:
    """Measurements of finished jobs by kind, the devices that did them, and kinds done elsewhere.

    Attributes:
        elsewhere: the kinds whose measurements ship with the project.
    """

    by_kind: dict[Kind, Measured]
    devices: tuple[str, ...]
    elsewhere: frozenset[Kind] = frozenset()

    def seconds(self, task: Task) -> float | None:
        """How long such jobs took; None if none is finished."""
        measured = self.by_kind.get(task.kind)
        return None if measured is None else measured.seconds / max(1, task.gpus)


def history(tasks: Iterable[Task], root: Path) -> History:
    """Time and memory of the finished ones among some jobs.

    Args:
        tasks: jobs of one scale; only those that are done count, since files of the others are
            outdated.
        root: `results/<scale>`.

    Raises:
        FameError: a benchmark file or card cannot be read.
    """
    by_kind: dict[Kind, list[Measured]] = defaultdict(list)
    devices: dict[str, None] = {}
    for task in tasks:
        if task.job.done:
            measured = _measured(task, root)
            by_kind[task.kind] += [measured] if measured else []
            if task.job.rule == "pretrain":
                devices[_card(task, root).get("environment", {}).get("device", "unknown")] = None
    return History({k: _mean(v) for k, v in by_kind.items() if v}, tuple(devices))


def benchmark(job: Job, root: Path) -> Path | None:
    """The file with a job's seconds; None if it is not timed."""
    rule = RULES.get(job.rule)
    if rule is None or rule.benchmark is None:
        return None
    shard, _, shards = job.name.partition("-of-")
    wildcards = {"run": job.run, "data": job.data, "shard": shard, "shards": shards}
    return root.parent / rule.benchmark.format(scale=root.name, **wildcards)


def _measured(task: Task, root: Path) -> Measured | None:
    from fame.pipeline.cost import timed

    job = task.job
    path = benchmark(job, root)
    if path is None or not path.is_file():
        return None
    seconds, host = timed(path)
    if job.rule == "pretrain":
        return _pretrained(task, root, seconds, host)
    if job.rule == "finetune":
        # Of a resumed job, Snakemake times the last attempt only.
        details = read_json(path.with_name("finetune.json")).get("details", {})
        seconds = max(seconds, float(details.get("seconds", 0)))
    return Measured(1, seconds * max(1, task.gpus), host)


def _pretrained(task: Task, root: Path, seconds: float, host: float) -> Measured:
    card = _card(task, root)
    devices = int(card.get("environment", {}).get("processes", 1))
    peak = card.get("peak_memory_mib", {}).get("device")
    seconds = max(seconds, float(card.get("seconds", 0)))
    weights = Places(root).encoder(str(task.job.run))
    size = weights.stat().st_size if weights.is_file() else None
    return Measured(1, seconds * devices, host, peak, size)


def _card(task: Task, root: Path) -> dict[str, Any]:
    path = Places(root).card(str(task.job.run))
    card = read_json(path)
    if not isinstance(card, dict):
        raise FameError(f"{path}: not a run's card; pretrain again")
    return card


def _mean(finished: list[Measured]) -> Measured:
    peaks = [one.device_mib for one in finished if one.device_mib is not None]
    sizes = [one.encoder for one in finished if one.encoder is not None]
    return Measured(
        jobs=len(finished),
        seconds=sum(one.seconds for one in finished) / len(finished),
        host_mib=max(one.host_mib for one in finished),
        device_mib=max(peaks) if peaks else None,
        encoder=max(sizes) if sizes else None,
    )


@dataclass(frozen=True)
class Timed:
    """A job that is still to be done, and how long it takes."""

    task: Task
    seconds: float


def wall_clock(jobs: Sequence[Timed], cores: int, gpus: int) -> float:
    """Seconds until all jobs are done, each started as soon as it can be.

    Jobs wait for the jobs that make their inputs, and for free cores and GPUs. A job that requests
    more than exist takes all of them.

    Args:
        jobs: to be done; all other inputs exist.
        cores: that may be used at a time.
        gpus: likewise.
    """
    waiting = {number: _needs(jobs, job) for number, job in enumerate(jobs)}
    order = sorted(waiting, key=lambda number: -jobs[number].seconds)
    running: list[tuple[float, int]] = []
    free, now = [cores, gpus], 0.0
    done: set[int] = set()
    while waiting or running:
        for number in [n for n in order if n in waiting and waiting[n] <= done]:
            takes = _takes(jobs[number], cores, gpus)
            if takes[0] <= free[0] and takes[1] <= free[1]:
                free = [free[0] - takes[0], free[1] - takes[1]]
                heapq.heappush(running, (now + jobs[number].seconds, number))
                del waiting[number]
        now, finished = heapq.heappop(running)
        takes = _takes(jobs[finished], cores, gpus)
        free = [free[0] + takes[0], free[1] + takes[1]]
        done.add(finished)
    return now


def _takes(job: Timed, cores: int, gpus: int) -> tuple[int, int]:
    return min(job.task.threads, cores), min(job.task.gpus, gpus)


def _needs(jobs: Sequence[Timed], job: Timed) -> set[int]:
    """The jobs that must end before this one starts."""
    rule = RULES.get(job.task.job.rule)
    return {
        number
        for number, other in enumerate(jobs)
        if rule and other.task.job.rule in rule.needs and _related(other.task, job.task)
    }


def _related(maker: Task, user: Task) -> bool:
    """Whether one job makes what the other uses."""
    run, data = maker.job.run, maker.job.data
    if run is not None and data is not None:
        return (run, data) == (user.job.run, user.job.data)
    return run == user.job.run if run is not None else data == user.data
