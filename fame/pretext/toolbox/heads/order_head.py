"""The head that predicts the order of clips from pairs of their features (Xu et al., CVPR 2019)."""

from itertools import combinations

import torch
from torch import Tensor, nn
from torch.nn.functional import relu


class OrderHead(nn.Module):
    """One layer, shared by all pairs of clips; then a linear layer on all pairs' outputs.

    Args:
        feature_dim: size C of a clip's feature, and of the hidden layer.
        clips: number of clips.
        classes: number of orders.
    """

    def __init__(self, feature_dim: int, clips: int, classes: int) -> None:
        super().__init__()
        self._pairs = tuple(combinations(range(clips), 2))
        self.width = len(self._pairs) * feature_dim
        self.pair = nn.Linear(2 * feature_dim, feature_dim)
        self.linear = nn.Linear(self.width, classes)

    def forward(self, features: list[Tensor], keep: Tensor) -> Tensor:
        """Logits of the orders.

        Args:
            features: one (B, C) for each clip.
            keep: (B, width) factors of the pairs' outputs, for dropout.

        Returns:
            (B, classes).
        """
        hidden = [
            relu(self.pair(torch.cat([features[first], features[second]], dim=1)))
            for first, second in self._pairs
        ]
        logits: Tensor = self.linear(torch.cat(hidden, dim=1) * keep)
        return logits
