"""A trial of everything that a target needs: one real step or evaluation of each kind of job."""

import importlib.metadata
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from fame.config.scale import Scale
from fame.core.distributed import World, world
from fame.core.errors import FameError
from fame.core.units import size as in_words
from fame.data.video.decode import read_frames
from fame.models.import_weights import import_run
from fame.operate.plan.jobs import Task
from fame.operate.plan.needs import existing, free
from fame.operate.plan.plan import Survey
from fame.operate.plan.trial import Sample, attempt, distinct, sample
from fame.pipeline.runs import Run, data_id

DECODED = 3
"""Videos of each split whose first, middle and last frame are decoded."""


@dataclass(frozen=True)
class Line:
    """One check: its name, its outcome in words, and whether it passed."""

    name: str
    said: str
    passed: bool

    def __str__(self) -> str:
        return f"{'ok  ' if self.passed else 'FAIL'}  {self.name}: {self.said}"


def check(survey: Survey, size: int) -> Iterator[Line]:
    """Every check, as it is done; nothing of it stays on disk.

    Kinds of jobs whose videos or devices are missing are not tried, which counts as a failure.

    Args:
        survey: the jobs of the target.
        size: bytes that they will write.
    """
    scale = survey.experiments.scale
    yield _guarded("torch", _torch)
    devices = _guarded("devices", partial(_devices, scale))
    yield devices
    yield _guarded("results", partial(_disk, survey.root.parent, size))
    samples: dict[str, Sample] = {}
    with tempfile.TemporaryDirectory(prefix="fame-plan-") as folder:
        for name in dict.fromkeys(task.dataset for task in survey.tasks if task.dataset):
            place = Path(folder, name)
            yield _guarded(f"dataset {name}", partial(_decoded, survey, name, place, samples))
        yield from _weights(survey)
        if devices.passed:
            yield from _trials(survey, samples)
        else:
            yield Line("jobs", "not tried, since the devices are missing", passed=False)


def _guarded(name: str, action: Callable[[], str]) -> Line:
    """Run a check; any exception becomes its outcome."""
    try:
        return Line(name, action(), passed=True)
    except FameError as error:
        return Line(name, str(error), passed=False)
    except Exception as error:  # a plug-in or a library may raise anything
        return Line(name, f"{type(error).__name__}: {' '.join(str(error).split())}", passed=False)


def _torch() -> str:
    """Versions of PyTorch and of the decoder."""
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
    return f"cores: {cores}, threads of a job: {scale.resources.threads}"


def _disk(results: Path, size: int) -> str:
    """Write something where results go, and compare the free space with `size`."""
    there = existing(results)
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(bytes(2**16))
    except OSError as error:
        raise FameError(
            f"{there}: cannot be written ({error.strerror}); correct its permissions"
        ) from None
    room = free(results)
    said = f"{in_words(size)} to be written, {in_words(room)} free"
    if size > room:
        raise FameError(f"{results}: {said}; free some, or link results/ to a larger disk")
    return said


def _decoded(survey: Survey, dataset: str, place: Path, samples: dict[str, Sample]) -> str:
    """Take some videos of a dataset, and decode frames of a few: the first, middle and last.

    Args:
        survey: whose scale has the dataset.
        dataset: a key of its datasets.
        place: a folder that is not there yet, for a world that is still to be generated.
        samples: by dataset; the new sample is added.
    """
    scale = survey.experiments.scale
    missing = survey.counts(data_id(scale, dataset, scale.seeds[0])).missing
    if missing:
        raise FameError(missing.removeprefix(f"{dataset}: "))
    place.mkdir()
    taken = sample(scale, dataset, survey.root, place)
    videos = taken.spread(DECODED)
    for _, video in videos.table.iterrows():
        first, frames = int(video["start"]), int(video["frames"])
        wanted = [first, first + frames // 2, first + frames - 1]
        read_frames(videos.root / video["path"], wanted)
    samples[dataset] = taken
    return f"first, middle and last frame of {len(videos)} videos"


def _weights(survey: Survey) -> Iterator[Line]:
    """Finished weights that rows name fit their backbones."""
    for run in (task.run for task in survey.tasks if task.job.rule == "pretrain"):
        if run is not None and run.source is not None:
            yield _guarded(f"weights {run.weights}", partial(_imported, survey, run))


def _imported(survey: Survey, run: Run) -> str:
    with tempfile.TemporaryDirectory(prefix="fame-plan-") as folder:
        import_run(survey.experiments.scale, run, Path(folder))
    return f"they are of {run.backbone}"


def _trials(survey: Survey, samples: Mapping[str, Sample]) -> Iterator[Line]:
    """One job of each kind."""
    resources = survey.experiments.scale.resources
    with world(resources.threads, resources.deterministic) as peers:
        for task in distinct(survey.tasks):
            name = " ".join(filter(None, task.kind))
            if task.dataset in samples:
                yield _guarded(name, partial(_tried, survey, task, samples[task.dataset], peers))
            else:
                said = f"not tried, since {task.dataset} cannot be used"
                yield Line(name, said, passed=False)


def _tried(survey: Survey, task: Task, videos: Sample, peers: World) -> str:
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="fame-plan-") as folder:
        peak = attempt(task, videos, survey.experiments.scale, peers, Path(folder))
    memory = f", {peak} MiB of the GPU" if peak else ""
    return f"{time.perf_counter() - started:.1f} s{memory}"
