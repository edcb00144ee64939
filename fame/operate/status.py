"""The progress of a scale: steps and time left of runs, failed jobs, their commands. No torch."""

import shlex
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from fame.core.errors import FameError
from fame.core.files import read_json
from fame.core.units import duration
from fame.operate.plan.jobs import Job
from fame.pipeline.claims import primary_claims, results_of
from fame.pipeline.experiments import Experiments
from fame.pipeline.missing import failed, log_outcome
from fame.pipeline.paths import Places
from fame.pipeline.runs import Run
from fame.pipeline.steps import RULES, Step, Steps
from fame.pipeline.tasks import OF_TABLES

LAST_LINES = 5
"""Lines shown of a failed job's log."""


@dataclass(frozen=True)
class Training:
    """The state of one training, read from its folder.

    Attributes:
        name: the run's id; for finetuning also the dataset.
        state: `done`, `running`, `failed`, `interrupted` or `pending`.
        step, of: steps done and in total; None if unknown.
        left: remaining seconds at the speed of this attempt; None if unknown.
        checkpoint: seconds since the newest checkpoint; None if there is none.
    """

    name: str
    state: str
    step: int | None = None
    of: int | None = None
    left: float | None = None
    checkpoint: float | None = None


@dataclass(frozen=True)
class Failure:
    """A job without a product, with the end of its log and the command that reruns it."""

    what: str
    log: Path
    lines: tuple[str, ...]
    command: str


@dataclass(frozen=True)
class Status:
    """The content of `fame status`.

    Attributes:
        results: those of the tables (or targets) that are there, and all of them.
        primary: of these, the same of the ones that the primary claims need; 0 and 0 if none.
    """

    scale: str
    trainings: list[Training]
    results: tuple[int, int]
    primary: tuple[int, int]
    failures: list[Failure]


def status(
    experiments: Experiments,
    results: Path,
    scale: str,
    tables: Path | None = None,
    needed: Sequence[Job] | None = None,
) -> Status:
    """Collect the state of a scale's results.

    Args:
        experiments: a scale and its tables.
        results: the folder `results`.
        scale: the scale as given, for the commands.
        tables: the folder of the tables, for the commands; None for the project's own.
        needed: the jobs of the targets that it is about; None for all tables, and only then are
            the results behind the primary claims counted.
    """
    places = Places.of(experiments.scale, results)
    steps = Steps(experiments.scale, places.root)
    runs = experiments.runs if needed is None else _runs(experiments, needed)
    trained = [run for run in runs.values() if run.pretrain]
    trainings = [_training(places.run(run.id), steps.pretraining(run)) for run in trained]
    wanted = experiments.results(experiments.tables) if needed is None else _results(needed)
    done = {name for name in wanted if (places.evaluations / name).is_file()}
    primary = results_of(experiments, primary_claims(experiments)) if needed is None else []
    counts = (len(done), len(wanted)), (len(done.intersection(primary)), len(primary))
    words = [*(["--tables", str(tables)] if tables else []), *_elsewhere(results)]
    words = ["--scale", scale, *words]
    failures = [
        _failure(what, job, results, words)
        for what, job in (_jobs(experiments, steps) if needed is None else _of(needed, runs, steps))
        if failed(job)
    ]
    return Status(experiments.scale.name, trainings, *counts, failures)


def _jobs(experiments: Experiments, steps: Steps) -> Iterator[tuple[str, Step]]:
    """Every job behind the tables once, with its run's name."""
    seen: set[Path] = set()
    for cell in experiments.cells(experiments.tables):
        for run in cell.runs:
            for step in steps.result(run, cell.dataset, cell.task).every():
                if step.log not in seen:
                    seen.add(step.log)
                    yield run.id, step


def _runs(experiments: Experiments, needed: Sequence[Job]) -> dict[str, Run]:
    """The runs of some jobs, by id."""
    return {name: experiments.run(name) for name in dict.fromkeys(j.run for j in needed) if name}


def _results(needed: Sequence[Job]) -> list[str]:
    """The results that some jobs make, as paths below `evaluate/`."""
    return [f"{job.run}/{job.data}/{job.rule}.json" for job in needed if job.rule in OF_TABLES]


def _of(needed: Sequence[Job], runs: Mapping[str, Run], steps: Steps) -> Iterator[tuple[str, Step]]:
    """Some jobs as steps, with their subject's name."""
    for job in needed:
        if job.rule in RULES and (job.run or job.data):
            step = steps.step(job.rule, runs.get(job.run or ""), job.data, job.name)
            yield job.run or str(job.data), step


def _training(folder: Path, job: Step) -> Training:
    """The state of a training, from its folder, which is named after its run."""
    name = folder.name
    if all(file.is_file() for file in job.products):
        return Training(name, "done")
    step, of, left = _progress(folder)
    checkpoint = _age(folder / "checkpoints")
    if owner(folder) is not None:
        return Training(name, "running", step, of, left, checkpoint)
    state = "failed" if failed(job) else "pending"
    if state == "pending" and (checkpoint is not None or step is not None):
        state = "interrupted"
    return Training(name, state, step, of, None, checkpoint)


def _progress(folder: Path) -> tuple[int | None, int | None, float | None]:
    """Step, total steps, and seconds left, as last reported by the training."""
    try:
        progress = read_json(folder / "progress.json")
        step, of = int(progress["step"]), int(progress["of"])
        pace = float(progress["seconds"]) / (step - int(progress["first"]))
    except (FameError, KeyError, TypeError, ValueError):
        return None, None, None
    except ZeroDivisionError:
        return step, of, None
    return step, of, (of - step) * pace


def _age(checkpoints: Path) -> float | None:
    """Seconds since the newest checkpoint was written."""
    times = [path.stat().st_mtime for path in checkpoints.glob("step-*.pt")]
    return time.time() - max(times) if times else None


def owner(folder: Path) -> str | None:
    """The process that writes a folder, or None if none is known to be running.

    The lock itself is not tried, because a training that starts at that moment would find it taken.
    """
    try:
        text = (folder / ".lock").read_text(encoding="utf-8").strip()
        written = (folder / ".lock").stat().st_mtime
    except OSError:
        return None
    number, _, host = text.partition(" on ")
    if host != socket.gethostname():
        return text or None
    try:
        process = psutil.Process(int(number))
        return text if process.create_time() <= written + 1 else None
    except (psutil.NoSuchProcess, ValueError):
        return None


def _elsewhere(results: Path) -> list[str]:
    """The option for the folder that contains `results`, unless it is the working folder."""
    place = results.absolute().parent
    return [] if place == Path.cwd() else ["--directory", str(place)]


def _failure(what: str, job: Step, results: Path, words: list[str]) -> Failure:
    """A failed job; `words` are the options of the command that reruns it."""
    # The workflow names its files relative to the folder of `results`.
    product = Path("results") / job.products[0].relative_to(results)
    command = shlex.join(["fame", "run", str(product), *words])
    lines = job.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
    last = tuple("".join(filter(str.isprintable, line)) for line in lines)
    return Failure(f"{what}: {job.what} {log_outcome(job.log)}", job.log, last, command)


def rendered(current: Status) -> str:
    """The status as text for a terminal."""
    lines = [_heading(current), ""]
    if current.trainings:
        width = max(len(training.name) for training in current.trainings)
        lines.append(f"{'run':{width}}  {'state':9}  {'steps':>13}  {'left':>8}  checkpoint")
        lines += [_row(training, width) for training in current.trainings]
    for failure in current.failures:
        lines += ["", failure.what, f"  {failure.log} ends:"]
        lines += [f"    {line}" for line in failure.lines]
        lines.append(f"  rerun it: {failure.command}")
    return "\n".join(lines)


def _heading(current: Status) -> str:
    states = [training.state for training in current.trainings]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    done, wanted = current.results
    behind, needed = current.primary
    primary = f" ({behind} of {needed} behind the primary claims)" if needed else ""
    return (
        f"{current.scale}: {len(states)} trained encoders ({counts or 'none'}); {done} of {wanted} "
        f"results of the tables{primary}; {len(current.failures)} failed jobs"
    )


def _row(training: Training, width: int) -> str:
    steps = f"{training.step}/{training.of}" if training.of is not None else "-"
    age = f"{duration(training.checkpoint)} ago" if training.checkpoint is not None else "-"
    left = duration(training.left) if training.left is not None else "-"
    return f"{training.name:{width}}  {training.state:9}  {steps:>13}  {left:>8}  {age}"
