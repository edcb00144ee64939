"""A batch over all processes that passes gradients to this process's share."""

import torch
from torch import Tensor

from fame.core.distributed import World
from fame.pretext.toolbox.losses.contrast import own_rows


def together(world: World, values: Tensor) -> Tensor:
    """The global batch's vectors, for a loss that every process computes of the whole batch.

    The loop averages gradients over processes. Those of the own rows are therefore multiplied by
    the number of processes, which gives the gradients of one process with the whole batch.

    Args:
        world: this process among its peers.
        values: (B, ...), this process's share.

    Returns:
        (size * B, ...), in rank order.
    """
    if world.size == 1:
        return values
    everything, rows = world.gather(values.contiguous()), own_rows(world, len(values))
    own = values + (world.size - 1) * (values - values.detach())
    return torch.cat([everything[: rows.start], own, everything[rows.stop :]])
