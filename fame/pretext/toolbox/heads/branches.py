"""An encoder with several heads."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from fame.models.encoder import Encoder
from fame.pretext.toolbox.losses.wide import wide


class Branches(nn.Module):
    """Clips (B, 3, T, H, W) to the outputs of all heads, side by side (B, heads * D)."""

    def __init__(self, encoder: Encoder, heads: Iterable[nn.Module]) -> None:
        super().__init__()
        self.encoder, self.heads = encoder, nn.ModuleList(heads)

    def forward(self, clips: Tensor) -> Tensor:
        """Encode once; the outputs are in float32 at least."""
        feature = self.encoder(clips)
        return torch.cat([wide(head(feature)) for head in self.heads], dim=1)
