"""A network that slowly follows another one (He et al., CVPR 2020)."""

import torch
from torch import nn


@torch.no_grad()
def follow(key: nn.Module, query: nn.Module, momentum: float) -> None:
    """Move the key network towards the query network (parameters only, as in MoCo's release).

    Args:
        key: of the same architecture as `query`; changed in place.
        query: the network that is trained.
        momentum: in [0, 1); 0 makes the two equal.
    """
    slow: list[torch.Tensor] = list(key.parameters())
    fast: list[torch.Tensor] = list(query.parameters())
    if not slow:
        return
    # One order to a GPU instead of hundreds.
    torch._foreach_mul_(slow, momentum)
    torch._foreach_add_(slow, fast, alpha=1 - momentum)
