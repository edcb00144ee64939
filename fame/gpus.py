"""A GPU of its own for every process of this machine: Snakemake counts GPUs but assigns none."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import torch

from fame.errors import FameError


def _names(count: int) -> list[str]:
    """What tells the visible GPUs apart for other processes, which may see others."""
    visible = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
    return visible[:count] if visible else [str(index) for index in range(count)]


@contextmanager
def own_device() -> Iterator[torch.device]:
    """The first visible GPU that no other process of ours holds; the CPU where there is no GPU.

    It is held by a lock in the folder for temporary files, which ends with the process.

    Raises:
        FameError: if all visible GPUs are held.
    """
    if not torch.cuda.is_available():
        yield torch.device("cpu")
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
