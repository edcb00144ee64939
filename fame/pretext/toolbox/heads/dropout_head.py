"""GDT's projection: two linear layers, each after a dropout that is drawn elsewhere."""

from torch import Tensor, nn
from torch.nn.functional import relu

LAYERS = 2


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
