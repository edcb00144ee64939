"""From work and pace to seconds: of a job, and of all jobs on a machine."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from fame.config.scale import Scale
from fame.operate.plan.history import History
from fame.operate.plan.pace import Pace
from fame.operate.plan.work import Part, Task
from fame.pipeline.steps import RULES


@dataclass(frozen=True)
class Rates:
    """What is known of speed: a profile, or else what finished jobs took."""

    scale: Scale
    pace: Pace | None
    history: History

    def seconds(self, task: Task) -> float | None:
        """How long a job takes; None where nobody has measured it.

        Work on several GPUs is taken to be shared without loss.
        """
        if self.pace is None or not task.known:
            return self.history.seconds(task)
        parts = [self._part(part, task) for part in task.parts]
        known = [seconds for seconds in parts if seconds is not None]
        return self.pace.start + sum(known) if len(known) == len(parts) else None

    def lacking(self, task: Task) -> list[str]:
        """The pieces of a job that the profile does not know, or knows by other settings."""
        return [part.piece.name for part in task.parts if self._part(part, task) is None]

    def _part(self, part: Part, task: Task) -> float | None:
        assert self.pace is not None
        entry = self.pace.entries.get(part.piece.name)
        if entry is None or entry.settings != part.piece.settings:
            return None
        devices, workers = max(1, task.gpus), self.scale.resources.workers
        reading, computing = part.reads * entry.read, part.videos * entry.compute / devices
        if part.piece.verb in {"index", "prepare"}:
            return (reading + computing) / task.threads
        if not workers or (not task.gpus and part.piece.verb in {"world", "masks"}):
            return reading + computing
        readers = max(1, min(workers * devices, task.threads))
        return max(reading / readers, computing)


@dataclass(frozen=True)
class Timed:
    """A job that is still to be done, and how long it takes."""

    task: Task
    seconds: float


def wall_clock(jobs: Sequence[Timed], cores: int, gpus: int) -> float:
    """Seconds until all jobs are done, each started as soon as it can be.

    Jobs wait for those that make what they need, and for free cores and GPUs. A job that wants
    more than there is takes all there is.

    Args:
        jobs: to be done; what they need besides is there.
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
    """The jobs that must end before this one starts; for small jobs at the end, none is told."""
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
