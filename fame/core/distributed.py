"""One process or many: the few collective operations that training needs.

Under `torchrun` the environment gives rank and size. Otherwise there is one process and every
operation is the identity.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist

from fame.core.allocator import keep_freed_memory
from fame.core.errors import FameError
from fame.core.gpus import own_device

PATIENCE = timedelta(hours=2)
"""How long processes wait for one another: longer than any work of the first process alone.

If a peer dies, torchrun notices at once, without this timeout.
"""


@dataclass(frozen=True)
class World:
    """This process's rank, the number of processes, and the device it computes on."""

    rank: int
    size: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and shows progress."""
        return self.rank == 0

    def gather(self, tensor: torch.Tensor) -> torch.Tensor:
        """Concatenate a tensor of equal shape over all processes, in rank order; no gradient.

        Shape:
            (B, ...) to (size * B, ...).
        """
        if self.size == 1:
            return tensor.detach()
        parts = [torch.empty_like(tensor) for _ in range(self.size)]
        dist.all_gather(parts, tensor.detach().contiguous())
        return torch.cat(parts)

    def mean(self, tensor: torch.Tensor) -> torch.Tensor:
        """The mean of a tensor over all processes."""
        if self.size == 1:
            return tensor.detach()
        total = tensor.detach().clone()
        dist.all_reduce(total)
        return total / self.size

    def average_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Replace every gradient by its mean over all processes, in one transfer."""
        if self.size == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        dist.all_reduce(flat)
        flat /= self.size
        for gradient, mean in zip(
            gradients, flat.split([g.numel() for g in gradients]), strict=True
        ):
            gradient.copy_(mean.view_as(gradient))

    def barrier(self) -> None:
        """Wait until every process has reached this call."""
        if self.size > 1:
            dist.barrier()


def groups_of(world: World, batch: int, group: int) -> range:
    """The global numbers of this process's groups.

    Raises:
        FameError: the recipe's groups cannot be divided equally; a different global batch would be
            a different recipe.
    """
    total = batch // group
    if total % world.size:
        raise FameError(
            f"{world.size} processes cannot share a batch of {batch} in groups of {group} "
            f"({total} groups); use a number of processes that divides {total}"
        )
    each = total // world.size
    return range(world.rank * each, (world.rank + 1) * each)


def die_with_agent() -> None:
    """Ask the kernel (Linux only) to end this process when torchrun, its parent, ends."""
    if "LOCAL_RANK" in os.environ and sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


@contextmanager
def fixed_order(wanted: bool) -> Iterator[None]:
    """Within this context, if `wanted`, allow only deterministic operations.

    PyTorch raises RuntimeError at an operation without a deterministic version on the device.
    """
    before = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    if wanted:
        # cuBLAS reads this at its first use.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.backends.cudnn.benchmark = False
    _set_deterministic(wanted)
    try:
        yield
    finally:
        _set_deterministic(before[0])
        torch.backends.cudnn.benchmark = before[1]


def _set_deterministic(fixed: bool) -> None:
    """Not by `torch.use_deterministic_algorithms`, which sets the compiler's mode too.

    That imports PyTorch's compiler, which is not used here and takes each job seconds.
    """
    torch.set_deterministic_debug_mode("error" if fixed else "default")


def one_thread() -> None:
    """Use one thread from now on: for jobs that compute on features.

    The workflow gives these jobs one core. Run by hand they would use all cores, run slower (five
    times on two busy cores), and sum in another order.
    """
    torch.set_num_threads(1)


@contextmanager
def world(threads: int, deterministic: bool) -> Iterator[World]:
    """Join the process group that `torchrun` started, if any; leave it at the end.

    Args:
        threads: for this process's CPU operations.
        deterministic: see `fixed_order`.
    """
    torch.set_num_threads(threads)
    die_with_agent()
    size = int(os.environ.get("WORLD_SIZE", "1"))
    rank = int(os.environ.get("RANK", "0"))
    with own_device() as device:
        if device.type == "cuda":
            torch.cuda.set_device(device)
        else:
            keep_freed_memory()
        if size > 1:
            backend = "nccl" if device.type == "cuda" else "gloo"
            dist.init_process_group(backend, timeout=PATIENCE)
        try:
            with fixed_order(deterministic):
                yield World(rank, size, device)
        finally:
            if size > 1:
                dist.destroy_process_group()
