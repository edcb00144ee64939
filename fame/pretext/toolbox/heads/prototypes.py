"""Swapped prediction of prototypes by two clips of a video (SwAV; Caron et al., NeurIPS 2020)."""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, normalize

from fame.pretext.toolbox.losses.predict import mlp
from fame.pretext.toolbox.losses.wide import wide


class Prototypes(nn.Module):
    """A head, and unit vectors that its outputs are compared with.

    Args:
        inputs: size of the features.
        hidden: width of the head's hidden layer.
        dim: of the vectors.
        count: of the prototypes, K.
    """

    def __init__(self, inputs: int, hidden: int, dim: int, count: int) -> None:
        super().__init__()
        self.head = mlp(inputs, hidden, dim)
        self.rows = nn.Linear(dim, count, bias=False)

    def forward(self, features: Tensor, still: bool) -> Tensor:
        """Cosines with the prototypes, which are brought back to length 1 first.

        Args:
            features: (B, inputs).
            still: the prototypes get no gradient.

        Returns:
            (B, K) in float32 at least.
        """
        weight = self.rows.weight
        with torch.no_grad():
            weight.copy_(normalize(weight, dim=1))
        vectors = normalize(wide(self.head(features)), dim=1)
        with torch.autocast(vectors.device.type, enabled=False):
            return linear(vectors, weight.detach() if still else weight)


def swapped(scores: list[Tensor], codes: list[Tensor], temperature: float) -> Tensor:
    """How badly each clip's scores predict the other clip's code: a scalar.

    Args:
        scores: (B, K) of the first and of the second clip.
        codes: (B, K) likewise, rows that sum to 1.
        temperature: divides the scores.
    """
    pairs = zip(codes, reversed(scores), strict=True)
    errors = [
        -(code * (score / temperature).log_softmax(dim=1)).sum(dim=1) for code, score in pairs
    ]
    return torch.stack(errors).mean()
