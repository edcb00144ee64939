"""How far a workflow is: jobs by rule, what runs, and the time left. Told by Snakemake's events."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

JobKey = tuple[str, tuple[tuple[str, str], ...]]
"""A job's rule and its wildcards, sorted."""


def key_of(rule: str, wildcards: Mapping[str, str]) -> JobKey:
    """The same for Snakemake's job and for the record of its start."""
    return rule, tuple(sorted((name, str(value)) for name, value in wildcards.items()))


@dataclass(frozen=True)
class Cost:
    """What a job to be done takes.

    Attributes:
        kind: jobs of one kind cost the same.
        seconds: as measured before; None if nobody measured it.
        share: of the machine's cores, or of its GPUs if that is more, in (0, 1].
    """

    kind: object
    seconds: float | None
    share: float


@dataclass
class Running:
    """A job at work: what it is, and when it began (seconds of a monotonic clock)."""

    key: JobKey
    since: float


@dataclass
class Progress:
    """The state of a workflow.

    Attributes:
        costs: of every job that was to be done at the start.
        total: jobs by rule.
        done: finished ones by rule.
        failed: failed ones by rule.
        known: the key of each job that was announced, by Snakemake's number.
        running: those at work, by number.
    """

    costs: dict[JobKey, Cost] = field(default_factory=dict)
    total: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    known: dict[int, JobKey] = field(default_factory=dict)
    running: dict[int, Running] = field(default_factory=dict)
    _ended: set[JobKey] = field(default_factory=set)
    _broken: set[JobKey] = field(default_factory=set)
    _measured: dict[object, list[float]] = field(default_factory=dict)

    def announce(self, number: int, rule: str, wildcards: Mapping[str, str], now: float) -> None:
        """A job starts, or starts again after a failure; Snakemake announces it just before."""
        key = key_of(rule, wildcards)
        if key in self._broken:
            self._broken.remove(key)
            self._ended.discard(key)
            self.failed[rule] -= 1
        self.known[number] = key
        self.running[number] = Running(key, now)

    def finish(self, number: int, now: float) -> None:
        """A job is finished; how long it took replaces what was known of its kind."""
        job = self.running.pop(number, None)
        if job is None:
            return
        self.done[job.key[0]] += 1
        self._ended.add(job.key)
        if job.key in self.costs:
            self._measured.setdefault(self.costs[job.key].kind, []).append(now - job.since)

    def counts(self) -> tuple[int, int, int]:
        """Jobs in all, done, and failed."""
        return self.total.total(), self.done.total(), self.failed.total()

    def fail(self, number: int) -> bool:
        """A job failed; False if that was told before."""
        job = self.running.pop(number, None)
        if job is None:
            return False
        self.failed[job.key[0]] += 1
        self._broken.add(job.key)
        self._ended.add(job.key)
        return True

    def stop(self, number: int) -> None:
        """A job ended because the user stopped the workflow."""
        self.running.pop(number, None)

    def seconds(self, key: JobKey) -> float | None:
        """How long a job takes: by this workflow's own jobs of its kind, else as known before."""
        cost = self.costs.get(key)
        if cost is None:
            return None
        own = self._measured.get(cost.kind)
        return sum(own) / len(own) if own else cost.seconds

    def left(self, now: float) -> tuple[float, bool]:
        """Seconds left if the machine is never idle, and whether all times are known.

        A job that runs for longer than expected counts as finished.
        """
        begun = {job.key: now - job.since for job in self.running.values()}
        total, whole = 0.0, True
        for key, cost in self.costs.items():
            if key in self._ended:
                continue
            seconds = self.seconds(key)
            whole = whole and seconds is not None
            total += cost.share * max(0.0, (seconds or 0) - begun.get(key, 0))
        longest = [(self.seconds(key) or 0) - spent for key, spent in begun.items()]
        return max(total, *longest, 0.0), whole
