"""Writes a pace profile: every piece of work that a target needs, timed on this machine."""

import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import torch

from fame.config.datasets import Synthetic
from fame.config.scale import Scale
from fame.core.distributed import World, world
from fame.core.errors import FameError
from fame.operate.plan.counts import Counts
from fame.operate.plan.pace import MEASURE, Entry, Machine, Pace
from fame.operate.plan.sample import Sample, Samples, sample, stand_in
from fame.operate.plan.trial import Cost, Terms, attempt, most_videos
from fame.operate.plan.work import Piece, Task

STEPS = 5
"""Of a timed training: the first is not timed, and neither is the last, which is saved."""

TESTED = 8
"""Videos that are encoded together, as in the jobs."""


def pieces(tasks: Iterable[Task]) -> list[Piece]:
    """The distinct pieces of work of some jobs."""
    return list(dict.fromkeys(part.piece for task in tasks for part in task.parts))


def measure(
    scale: Scale,
    tasks: Iterable[Task],
    counts: Callable[[str], Counts],
    root: Path,
    say: Callable[[str], None],
) -> Pace:
    """Time every piece of work behind some jobs.

    Videos are the dataset's own where they are there, else generated ones of a usual size.

    Args:
        scale: of the jobs.
        tasks: the jobs.
        counts: videos of a data instance.
        root: `results/<scale>`.
        say: told a line for each piece.

    Raises:
        FameError: the scale asks for a GPU, which this machine lacks; or as the work does.
    """
    if scale.resources.gpus and not torch.cuda.is_available():
        raise FameError(
            f"scale {scale.name} runs on GPUs, of which this machine has none that PyTorch can "
            f"use; give `{MEASURE}` on a machine like those that will do the work"
        )
    tasks = list(tasks)
    galleries = {task.dataset: counts(task.data).train for task in tasks if task.data}
    entries: dict[str, Entry] = {}
    resources = scale.resources
    with (
        world(resources.threads, resources.deterministic) as peers,
        tempfile.TemporaryDirectory(prefix="fame-plan-") as folder,
    ):
        train = most_videos(scale, peers.device.type == "cuda", whole=False)
        samples = Samples(partial(_videos, scale, root, max(train, TESTED)), Path(folder))
        for piece in pieces(tasks):
            cost = _timed(scale, piece, peers, samples[piece.dataset], galleries[piece.dataset])
            entries[piece.name] = Entry(
                settings=piece.settings, backbone=piece.backbone, **vars(cost)
            )
            say(_line(piece, cost))
        machine = _machine(peers)
    return Pace(
        version=1,
        measured=datetime.now(UTC).isoformat(timespec="minutes"),
        machine=machine,
        start=_start(),
        host_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        entries=entries,
    )


def _timed(scale: Scale, piece: Piece, peers: World, videos: Sample, gallery: int) -> Cost:
    with tempfile.TemporaryDirectory(prefix="fame-plan-") as folder:
        terms = Terms(scale, peers, Path(folder), STEPS, TESTED, whole=False)
        return attempt(piece, videos, terms, gallery)


def _videos(scale: Scale, root: Path, train: int, dataset: str, scratch: Path) -> Sample:
    try:
        return sample(scale, dataset, root, scratch, (train, TESTED))
    except FameError:
        if isinstance(scale.datasets[dataset], Synthetic):
            raise
        return stand_in(dataset, scratch, (train, TESTED))


def _line(piece: Piece, cost: Cost) -> str:
    rates = [f"{count / seconds:,.1f} {what}/s" for seconds, count, what in (
        (cost.compute, 1, "videos"), (cost.compute, cost.clips, "clips"),
    ) if seconds > 0 and count]  # fmt: skip
    reading = f"; one core reads {1 / cost.read:,.1f} videos/s" if cost.read else ""
    return f"{piece.name}: {', '.join(rates) or 'no computing'}{reading}"


def _machine(peers: World) -> Machine:
    on_gpu = peers.device.type == "cuda"
    device = torch.cuda.get_device_name(peers.device) if on_gpu else _processor()
    return Machine(
        kind="cuda" if on_gpu else "cpu",
        device=device,
        threads=torch.get_num_threads(),
        torch=torch.__version__,
    )


def _processor() -> str:
    """What the processor calls itself."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _start() -> float:
    """Seconds until a job that needs torch begins its work."""
    started = time.perf_counter()
    code = "import fame.cli, fame.train.pretrain, fame.evaluate.features.extract"
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - started
