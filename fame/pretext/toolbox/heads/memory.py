"""MemDPC's memory: whatever is predicted is a mixture of learned vectors."""

import torch
from torch import Tensor, nn

from fame.pretext.toolbox.heads.conv_gru import orthogonal


class Memory(nn.Module):
    """Chooses among `slots` vectors, which are written by back-propagation only.

    Args:
        channels: of states, and of the vectors.
        slots: number of vectors.
        gain: of the chooser's orthogonal initial weights.
    """

    def __init__(self, channels: int, slots: int, gain: float) -> None:
        super().__init__()
        self.choose = nn.Sequential(
            nn.Conv2d(channels, channels, kernel_size=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, slots, kernel_size=1),
        )
        orthogonal(self.choose, gain)
        self.slots = nn.Parameter(torch.randn(slots, channels))

    def forward(self, state: Tensor) -> Tensor:
        """(B, C, h, w) -> the mixtures (B, C, h, w), weighted by a softmax at each place."""
        return mixture(self.choose(state), self.slots)


def mixture(logits: Tensor, slots: Tensor) -> Tensor:
    """Weights' logits (B, M, h, w) and vectors (M, C) -> weighted sums (B, C, h, w)."""
    return torch.einsum("bmhw,mc->bchw", logits.softmax(dim=1), slots)
