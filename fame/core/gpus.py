"""A GPU of its own for every process of this machine: Snakemake counts GPUs but assigns none.

Slurm does assign some to each of its jobs; then only the processes of one job share them out.
"""

import fcntl
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import torch

from fame.core.errors import FameError


def _names(count: int) -> list[str]:
    """What tells the visible GPUs apart for other processes, which may see others.

    Each Slurm job may see its own GPUs as 0, 1 ..., and no other job is given them.
    """
    visible = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
    names = visible[:count] if visible else [str(index) for index in range(count)]
    job = os.environ.get("SLURM_JOB_ID")
    return [f"job{job}-{name}" for name in names] if job else names


def _cpu_wanted() -> bool:
    wanted = os.environ.get("FAME_DEVICE", "")
    if wanted not in {"", "cpu"}:
        raise FameError(
            f"FAME_DEVICE is {wanted!r}; it may be cpu, or unset for the first free GPU"
        )
    return wanted == "cpu"


def _processor(wanted: bool) -> torch.device:
    """The CPU, if it is wanted or no GPUs were given."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    if given and not wanted:
        raise FameError(
            f"this process was given the GPU(s) {given}, but PyTorch finds none; install a driver "
            "and a PyTorch that fit it, or set FAME_DEVICE=cpu to compute on the processor"
        )
    if given:
        place = os.environ.get("SLURMD_NODENAME", "this machine")
        if job := os.environ.get("SLURM_JOB_ID"):
            place += f", job {job},"
        print(f"FAME_DEVICE is cpu: GPU(s) {given} of {place} stay idle", file=sys.stderr)
    return torch.device("cpu")


@contextmanager
def own_device() -> Iterator[torch.device]:
    """The first visible GPU that no other process of ours holds; the CPU where there is no GPU.

    It is held by a lock in the folder for temporary files, which ends with the process. The
    variable `FAME_DEVICE=cpu` takes the CPU even where GPUs are given.

    Raises:
        FameError: if all visible GPUs are held, or `CUDA_VISIBLE_DEVICES` names GPUs and there
            are none.
    """
    wanted = _cpu_wanted()
    if wanted or not torch.cuda.is_available():
        yield _processor(wanted)
        return
    count = torch.cuda.device_count()
    with ExitStack() as stack:
        for index, name in enumerate(_names(count)):
            lock = Path(tempfile.gettempdir()) / f"fame-gpu-{os.getuid()}-{name}.lock"
            file = stack.enter_context(lock.open("a"))
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield torch.device("cuda", index)
            return
    raise FameError(
        f"all {count} visible GPUs are held by other fame processes; start fewer at a time "
        "(snakemake --resources gpu=N) or wait for them"
    )
