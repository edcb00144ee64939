"""Vectors of all processes, with the gradient that one process would give them."""

import torch
from torch import Tensor

from fame.core.distributed import World
from fame.pretext.toolbox.contrast import own_rows


def everyones(world: World, own: Tensor) -> Tensor:
    """This process's vectors (B, ...) among those of all processes, (N, ...), in global order.

    For losses of the whole global batch, which every process computes alike. Only this process's
    rows have a gradient here; it is multiplied by the number of processes, since training
    takes the mean of all processes' gradients.
    """
    if world.size == 1:
        return own
    rows = own_rows(world, len(own))
    everything = world.gather(own)
    live = own.detach() + (own - own.detach()) * world.size
    return torch.cat([everything[: rows.start], live, everything[rows.stop :]])
