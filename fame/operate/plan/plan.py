"""The plan of a target: jobs to do, their hours, what they need, and what is missing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fame.config.scale import Scale
from fame.core.units import size
from fame.operate.plan.estimate import History, Timed, history, wall_clock
from fame.operate.plan.jobs import Kind, Task, all_wanted, jobs, task_of
from fame.operate.plan.needs import Counts, Memory, Space, count, disk, free, memory
from fame.operate.plan.paces import Paces, completed, shipped
from fame.pipeline.experiments import Experiments, measurable, untrainable
from fame.pipeline.paths import Places
from fame.pipeline.steps import RULES


@dataclass(frozen=True)
class JobRow:
    """Jobs of one kind.

    Attributes:
        rule: that makes them.
        method: a pretraining's method and merging; "" for other jobs.
        backbone: key of the scale's; "" for none.
        dataset: key of the scale's; "" for none.
        needed: how many the target needs.
        present: how many of them are done.
        each: seconds of one; 0 for small jobs, None if not measured.
        gpus: that each takes.
        videos: of the dataset, unused ones included; 0 for jobs without a dataset.
        elsewhere: whether their time was measured elsewhere and ships with the project.
    """

    rule: str
    method: str
    backbone: str
    dataset: str
    needed: int
    present: int
    each: float | None
    gpus: int
    videos: int
    elsewhere: bool = False

    @property
    def to_do(self) -> int:
        """How many are left."""
        return self.needed - self.present

    @property
    def hours(self) -> float | None:
        """Hours of all remaining jobs, one after another."""
        if not self.to_do:
            return 0.0
        return None if self.each is None else self.to_do * self.each / 3600


@dataclass(frozen=True)
class Clock:
    """Hours on the wall with so many cores and GPUs, `jobs` trainings at a time."""

    jobs: int
    cores: int
    gpus: int
    hours: float


@dataclass(frozen=True)
class Plan:
    """The content of a plan.

    Attributes:
        target: as it was asked for.
        scale: its name.
        rows: kinds of jobs, in the order of the pipeline; small ones (tables, figures) together.
        runs: encoders that the target needs.
        present: encoders that are there.
        measured: the finished jobs from which the others' hours are estimated, in words.
        clocks: for several numbers of jobs at a time; none if a time is unknown.
        disk: what is to be written.
        free: bytes of free disk below results/.
        memory: of a job.
        at_a_time: jobs that run together.
        left_out: sentences: tables that are not part of this plan, which therefore is not whole.
        missing: sentences: what must be fixed before the target can be made.
        notes: sentences: remarks.
    """

    target: str
    scale: str
    rows: tuple[JobRow, ...]
    runs: int
    present: int
    measured: str
    clocks: tuple[Clock, ...]
    disk: tuple[Space, ...]
    free: int
    memory: Memory
    at_a_time: int
    left_out: tuple[str, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def hours(self) -> float:
        """Of all jobs that are left and whose time is known, one after another."""
        return sum(row.hours or 0 for row in self.rows)

    @property
    def gpu_hours(self) -> float:
        """Likewise, times the GPUs of each."""
        return sum((row.hours or 0) * row.gpus for row in self.rows)

    @property
    def complete(self) -> bool:
        """Whether the time of everything is known."""
        return all(row.hours is not None for row in self.rows)


@dataclass(frozen=True)
class Asked:
    """A request for a plan.

    Attributes:
        scale: by name or path, as given.
        tables: the folder of table files.
        targets: see `fame.operate.plan.jobs.wanted`.
        results: the folder of all results.
        cores: that may be used at a time.
        gpus: likewise; None for as many as one job takes.
    """

    scale: str
    tables: Path
    targets: tuple[str, ...]
    results: Path
    cores: int
    gpus: int | None


@dataclass(frozen=True)
class Survey:
    """The jobs of a target as tasks, the videos of their data, and what prevents them.

    Attributes:
        root: `results/<scale>`.
        left_out: a sentence for each table that cannot be planned.
    """

    experiments: Experiments
    counts: Callable[[str], Counts]
    tasks: tuple[Task, ...]
    root: Path
    left_out: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """What must be fixed before the target can be made."""
        data = dict.fromkeys(task.data for task in self.tasks if task.data)
        absent = (self.counts(name).missing for name in data)
        return (*self.left_out, *(why for why in absent if why))

    @classmethod
    def of(cls, experiments: Experiments, asked: Asked) -> "Survey":
        """Ask Snakemake for the jobs and say what each does."""
        target = all_wanted(experiments, asked.targets)
        graph = jobs(asked.scale, asked.tables, target.files, asked.results.parent)
        root = Places.of(experiments.scale, asked.results).root
        counts = cache(lambda data: count(experiments.scale, data, root))
        tasks = tuple(task_of(experiments, job) for job in graph)
        return cls(experiments, counts, tasks, root, target.left_out)


def plan(survey: Survey, asked: Asked, paces: Paces | None = None) -> Plan:
    """Plan a target.

    Args:
        survey: its jobs.
        asked: what was asked for.
        paces: of jobs measured elsewhere; None for those that ship with the project.

    Raises:
        FameError: the files of finished jobs or the paces cannot be read.
    """
    scale = survey.experiments.scale
    paces = shipped() if paces is None else paces
    finished = completed(history(survey.tasks, survey.root), survey.tasks, scale, paces)
    rows = rows_of(survey, finished)
    at_a_time = _together(scale, asked.cores, asked.gpus)
    spaces, room = disk(scale, survey.tasks, survey.counts, finished), free(asked.results)
    runs = [task for task in survey.tasks if task.job.rule == "pretrain"]
    return Plan(
        target=" ".join(asked.targets),
        scale=scale.name,
        rows=tuple(rows),
        runs=len(runs),
        present=sum(task.job.done for task in runs),
        measured=_measured(finished, paces),
        clocks=tuple(_clocks(scale, survey.tasks, finished, at_a_time)),
        disk=tuple(spaces),
        free=room,
        memory=memory(scale, finished),
        at_a_time=at_a_time,
        left_out=survey.left_out,
        missing=(*survey.missing, *_short(spaces, room, asked.results)),
        notes=(*_unknown(rows), *_elsewhere(rows), *_unmeasured(survey)),
    )


def _short(spaces: Sequence[Space], room: int, results: Path) -> list[str]:
    """That the disk is too small, if it is; downloads may go to another one."""
    own = sum(space.size or 0 for space in spaces if space.local)
    if own <= room:
        return []
    return [f"{results}: {size(own)} are to be written, {size(room)} are free"]


SMALL = "tables, figures, page"


def rows_of(survey: Survey, finished: History) -> list[JobRow]:
    """Jobs by kind, in the pipeline's order; those of rules that it does not know come first."""
    order = [*RULES, SMALL]
    kinds: dict[Kind, list[Task]] = {}
    for task in survey.tasks:
        kinds.setdefault((SMALL, "", "", "") if _small(task) else task.kind, []).append(task)

    def place(kind: Kind) -> tuple[int, Kind]:
        return (order.index(kind[0]) if kind[0] in order else -1), kind

    return [_row(kind, kinds[kind], survey, finished) for kind in sorted(kinds, key=place)]


def _small(task: Task) -> bool:
    """Whether a job takes a second or so, and is counted without a time."""
    return task.job.rule in RULES and not RULES[task.job.rule].timed


def _row(kind: Kind, tasks: Sequence[Task], survey: Survey, finished: History) -> JobRow:
    todo = next((task for task in tasks if not task.job.done), tasks[0])
    done = sum(task.job.done for task in tasks)
    if _small(todo):
        return JobRow(*kind, len(tasks), done, 0.0, 0, 0)
    videos = survey.counts(todo.data).every if todo.data else 0
    elsewhere = kind in finished.elsewhere
    return JobRow(*kind, len(tasks), done, finished.seconds(todo), todo.gpus, videos, elsewhere)


def _together(scale: Scale, cores: int, gpus: int | None) -> int:
    """How many trainings run at a time: GPUs decide where there are any, else cores."""
    resources = scale.resources
    own = resources.nodes * resources.gpus
    if own:
        return max(1, (gpus or own) // own)
    return max(1, cores // min(resources.threads, cores))


def _clocks(scale: Scale, tasks: Sequence[Task], finished: History, given: int) -> list[Clock]:
    """Hours on the wall with one, the given number and twice as many trainings at a time."""
    timed = []
    for task in tasks:
        if not task.job.done and not _small(task):
            seconds = finished.seconds(task)
            if seconds is None:
                return []
            timed.append(Timed(task, seconds))
    clocks = []
    for number in sorted({1, given, 2 * given}):
        machines = number * scale.resources.nodes
        cores, gpus = machines * scale.resources.threads, machines * scale.resources.gpus
        clocks.append(Clock(number, cores, gpus, wall_clock(timed, cores, gpus) / 3600))
    return clocks


def _measured(finished: History, paces: Paces) -> str:
    """Which jobs tell how long others take."""
    own = [one.jobs for kind, one in finished.by_kind.items() if kind not in finished.elsewhere]
    words = []
    if own:
        words.append(f"{sum(own)} finished jobs on {', '.join(finished.devices) or 'this machine'}")
    if finished.elsewhere:
        words.append(f"* from {paces.source}")
    return "; ".join(words) or "nothing yet"


def _unknown(rows: Sequence[JobRow]) -> list[str]:
    """What to do where hours are unknown."""
    unknown = sum(row.hours is None for row in rows)
    if not unknown:
        return []
    kinds = "1 kind" if unknown == 1 else f"{unknown} kinds"
    return [
        f"hours are unknown for {kinds} of jobs, of which none is finished here; the first "
        "finished job of a kind tells how long the others take, so run one seed first"
    ]


def _elsewhere(rows: Sequence[JobRow]) -> list[str]:
    """How far times that were measured elsewhere can be relied on."""
    if not any(row.elsewhere for row in rows):
        return []
    return [
        "*: measured elsewhere, on jobs of exactly these settings; another machine is faster or "
        "slower, and the first job of a kind that is finished here replaces the time"
    ]


def _unmeasured(survey: Survey) -> list[str]:
    """Why rows of the planned tables stay unmeasured at this scale."""
    experiments = survey.experiments
    planned = {Path(t.job.name).stem for t in survey.tasks if t.job.rule == "table"}
    reasons: dict[str, int] = {}
    for name in sorted(planned & experiments.every_table.keys()):
        table = experiments.table(name)
        for row in table.rows:
            if row.recipe is None:
                continue
            columns = table.columns.values()
            why = [measurable(experiments.scale, row, column) for column in columns]
            if all(why):
                reason = untrainable(experiments.scale, row.recipe) or str(why[0])
                reasons[reason] = reasons.get(reason, 0) + 1
    return [
        f"{number} {'row stays' if number == 1 else 'rows stay'} unmeasured: {reason}"
        for reason, number in reasons.items()
    ]
