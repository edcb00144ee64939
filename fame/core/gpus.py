"""A GPU of its own for every process of this machine: Snakemake counts GPUs but assigns none.

Slurm assigns GPUs to each job; the processes of one job then divide them among themselves.
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
    """Names of the visible GPUs that identify them to other processes, which may see others.

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
            f"FAME_DEVICE is {wanted!r}; set it to cpu, or unset it to use the first free GPU"
        )
    return wanted == "cpu"


def _processor(wanted: bool) -> torch.device:
    """The CPU, if it is asked for or no GPUs were assigned."""
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
    """The first visible GPU that no other fame process holds; the CPU if there is no GPU.

    It is held by a lock file in the temporary folder, which ends with the process.
    `FAME_DEVICE=cpu` selects the CPU even if GPUs are assigned.

    Raises:
        FameError: all visible GPUs are held, or `CUDA_VISIBLE_DEVICES` names GPUs that PyTorch
            does not find.
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
