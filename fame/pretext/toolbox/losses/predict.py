"""Learning without negatives (BYOL; Grill et al., NeurIPS 2020): its heads, error and momentum."""

import math

from torch import Tensor, nn
from torch.nn.functional import normalize


def mlp(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """A projection or a predictor; without its BatchNorm, outputs collapse to one point.

    Shape:
        (B, inputs) -> (B, outputs), not normalised.
    """
    return nn.Sequential(
        nn.Linear(inputs, hidden),
        nn.BatchNorm1d(hidden),
        nn.ReLU(inplace=True),
        nn.Linear(hidden, outputs),
    )


def apart(predicted: Tensor, target: Tensor) -> Tensor:
    """The squared distance of two vectors' directions, 2 - 2 cos, in [0, 4].

    Args:
        predicted: (B, D) of any length.
        target: (B, D) of any length; gets no gradient.

    Returns:
        (B,).
    """
    unit = normalize(target.detach(), dim=1)
    return (normalize(predicted, dim=1) - unit).square().sum(dim=1)


def rising(first: float, epoch: int, epochs: int) -> float:
    """A momentum that rises by a half cosine from `first` at epoch 0 to 1 after the last."""
    return 1 - (1 - first) * (1 + math.cos(math.pi * epoch / epochs)) / 2


def spread(vectors: Tensor) -> Tensor:
    """The mean standard deviation of unit vectors' coordinates: (N, D) -> a scalar.

    About 1 / sqrt(D) for vectors of all directions, 0 once they have become one point.
    """
    return vectors.std(dim=0, unbiased=False).mean()
