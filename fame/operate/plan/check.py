"""A trial of everything that a target needs: one real step or evaluation of each kind of job."""

import importlib.metadata
import os
import tempfile
import time
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from fame.config.scale import Scale
from fame.core.distributed import World, world
from fame.core.errors import FameError
from fame.models.import_weights import import_run
from fame.operate.plan.counts import Counts
from fame.operate.plan.needs import free
from fame.operate.plan.sample import Samples, checked_frames, sample
from fame.operate.plan.trial import Terms, attempt, most_videos
from fame.operate.plan.work import Piece, Task, pieces
from fame.pipeline.experiments import Run, data_id

TESTED = 4
"""Videos of an evaluation that is tried."""

DECODED = 3
"""Videos of each dataset whose first, middle and last frame are decoded."""

GALLERY = 64
"""Training videos of a retrieval that is tried."""


@dataclass(frozen=True)
class Line:
    """One check: what it was, what came of it, and whether that is well."""

    name: str
    said: str
    passed: bool

    def __str__(self) -> str:
        return f"{'ok  ' if self.passed else 'FAIL'}  {self.name}: {self.said}"


@dataclass(frozen=True)
class Trial:
    """What is checked.

    Attributes:
        scale: of the jobs.
        tasks: the jobs of the target.
        counts: videos of a data instance.
        root: `results/<scale>`.
        bytes: that the jobs will write.
    """

    scale: Scale
    tasks: Sequence[Task]
    counts: Callable[[str], Counts]
    root: Path
    bytes: int


def check(trial: Trial) -> Iterator[Line]:
    """Every check, as it is done; nothing stays of it on the disk.

    Kinds of jobs whose videos or devices are missing are not tried, which counts as a failure.
    """
    yield _guarded("torch", _torch)
    devices = _guarded("devices", partial(_devices, trial.scale))
    yield devices
    yield _guarded("results", partial(_disk, trial))
    datasets = list(dict.fromkeys(task.dataset for task in trial.tasks if task.dataset))
    usable = set()
    for name in datasets:
        line = _guarded(f"dataset {name}", partial(_decoded, trial, name))
        usable |= {name} if line.passed else set()
        yield line
    yield from _weights(trial)
    resources = trial.scale.resources
    if not devices.passed:
        yield Line("jobs", "not tried, since the devices are missing", passed=False)
        return
    with (
        world(resources.threads, resources.deterministic) as peers,
        tempfile.TemporaryDirectory(prefix="fame-plan-") as folder,
    ):
        train = most_videos(trial.scale)
        sizes = (max(train, TESTED), TESTED)
        samples = Samples(
            lambda name, place: sample(trial.scale, name, trial.root, place, sizes), Path(folder)
        )
        for piece in pieces(trial.tasks):
            yield _tried(trial, piece, peers, usable, samples)


def _guarded(name: str, action: Callable[[], str]) -> Line:
    """Whatever goes wrong in a check is what it says."""
    try:
        return Line(name, action(), passed=True)
    except FameError as error:
        return Line(name, str(error), passed=False)
    except Exception as error:  # a plug-in or a library may raise anything
        return Line(name, f"{type(error).__name__}: {' '.join(str(error).split())}", passed=False)


def _torch() -> str:
    """Versions of what computes and what decodes."""
    names = ("torch", "torchvision", "av")
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)


def _devices(scale: Scale) -> str:
    asked, present = scale.resources.gpus, torch.cuda.device_count()
    if asked > present:
        raise FameError(
            f"scale {scale.name} asks for {asked} GPUs on a machine, {present} can be used here; "
            "run this where the jobs will run, or copy the scale and lower resources.gpus"
        )
    if asked:
        return f"{asked} of {present} GPUs ({torch.cuda.get_device_name(0)})"
    cores = os.cpu_count() or 1
    return f"{scale.resources.threads} threads a job, {cores} cores"


def _disk(trial: Trial) -> str:
    """Write something where results go, and compare free disk with what is to be written."""
    results = trial.root.parent
    there = results.absolute()
    while not there.exists():
        there = there.parent
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(bytes(2**16))
    except OSError as error:
        raise FameError(
            f"{there}: cannot be written ({error.strerror}); correct its permissions"
        ) from None
    room = free(results)
    said = f"{trial.bytes / 2**30:.1f} GiB to be written, {room / 2**30:.1f} GiB free"
    if trial.bytes > room:
        raise FameError(f"{results}: {said}; free some, or link results/ to a larger disk")
    return said


def _decoded(trial: Trial, dataset: str) -> str:
    """Decode three videos of a dataset; none of a world that is still to be generated."""
    scale = trial.scale
    data = data_id(scale, dataset, scale.seeds[0])
    missing = trial.counts(data).missing
    if missing:
        raise FameError(missing.removeprefix(f"{dataset}: "))
    with tempfile.TemporaryDirectory(prefix="fame-plan-") as folder:
        found = sample(scale, dataset, trial.root, Path(folder), (DECODED, DECODED))
        videos = found.manifest
        checked_frames(videos)
    return f"first, middle and last frame of {len(videos)} videos"


def _weights(trial: Trial) -> Iterator[Line]:
    """Finished weights that rows name fit their backbones."""
    for run in (task.run for task in trial.tasks if task.job.rule == "pretrain"):
        if run is not None and run.source is not None:
            yield _guarded(f"weights {run.weights}", partial(_taken, trial.scale, run))


def _taken(scale: Scale, run: Run) -> str:
    with tempfile.TemporaryDirectory(prefix="fame-plan-") as folder:
        import_run(scale, run, Path(folder))
    return f"they are of {run.backbone}"


def _tried(
    trial: Trial, piece: Piece, peers: World, usable: Container[str], samples: Samples
) -> Line:
    """Do one piece of work."""
    if piece.dataset not in usable:
        return Line(piece.name, f"not tried, since {piece.dataset} cannot be used", passed=False)

    def action() -> str:
        started = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="fame-plan-") as folder:
            terms = Terms(trial.scale, peers, Path(folder), TESTED)
            peak = attempt(piece, samples[piece.dataset], terms, GALLERY)
        memory = f", {peak} MiB of the GPU" if peak else ""
        return f"{time.perf_counter() - started:.1f} s{memory}"

    return _guarded(piece.name, action)
