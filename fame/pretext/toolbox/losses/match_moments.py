"""MLRep's matching of moments: of two adjacent clips, and of a clip that runs over both."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize


def match_moments(first: Tensor, second: Tensor, overview: Tensor, temperature: float) -> Tensor:
    """How well moments of two clips, at half their rate, find those of the overview: a scalar.

    The mean of both directions' cross-entropies. With t = 1 there is nothing to tell apart, and it
    is 0.

    Args:
        first: (B, D, t) of any length.
        second: (B, D, t), of the clip that follows.
        overview: (B, D, t), of the clip at twice the stride over both.
        temperature: divides every similarity.
    """
    halved = torch.cat([first, second], dim=2).unflatten(2, (-1, 2)).mean(dim=3)
    alike = normalize(halved, dim=1).mT @ normalize(overview, dim=1) / temperature
    count, moments, _ = alike.shape
    targets = torch.arange(moments, device=alike.device).repeat(count)
    rows = cross_entropy(alike.flatten(0, 1), targets)
    return (rows + cross_entropy(alike.mT.flatten(0, 1), targets)) / 2
