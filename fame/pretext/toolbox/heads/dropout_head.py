"""GDT's projection: two linear layers, each after a dropout that is drawn elsewhere."""

from math import prod

from torch import Tensor, nn
from torch.nn.functional import relu

from fame.data.clips.batch import Batch
from fame.pretext.toolbox.keyed import kept

LAYERS = 2
"""Whose inputs are dropped."""

SENSES = 2
"""Heads: of pictures and of sounds."""


class DropoutHead(nn.Module):
    """Dropout, Linear, BatchNorm, ReLU, dropout, Linear.

    Args:
        width: of the feature and the hidden layer.
        dim: of the vectors.
    """

    def __init__(self, width: int, dim: int) -> None:
        super().__init__()
        self.first = nn.Linear(width, width, bias=False)
        self.norm = nn.BatchNorm1d(width)
        self.last = nn.Linear(width, dim)

    def forward(self, features: Tensor, keep: Tensor) -> Tensor:
        """Vectors (B, dim), not normalised.

        Args:
            features: (B, width).
            keep: (B, 2, width) factors of both layers' inputs; ones for no dropout.
        """
        hidden = relu(self.norm(self.first(features * keep[:, 0])))
        vectors: Tensor = self.last(hidden * keep[:, 1])
        return vectors


def dropout(seed: int, batch: Batch, clips: int, width: int, share: float) -> Tensor:
    """Factors of dropout for both senses' heads, keyed by epoch and video.

    Args:
        seed: the run's seed.
        batch: B videos.
        clips: of each video.
        width: of the heads' inputs.
        share: dropped on average, in [0, 1).

    Returns:
        (B * clips, SENSES, LAYERS, width) float64 on the CPU, video by video.
    """
    shape = (clips, SENSES, LAYERS, width)
    return kept(seed, batch, prod(shape), share).unflatten(1, shape).flatten(0, 1)
