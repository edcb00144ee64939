"""A bidirectional transformer over a sequence of vectors, one of them masked, as CBT has it."""

import torch
from torch import Tensor, nn

from fame.core.errors import FameError

SPREAD = 0.02
"""Standard deviation of the initial positions and of the masked slot's vector, as in BERT."""


class Context(nn.Module):
    """Predicts what is masked from what comes before and after.

    The layers are torch's (`nn.TransformerEncoder`, GELU), without dropout of their own, whose
    draws could not be keyed by video.

    Args:
        count: length W of the sequences.
        width: D of the vectors.
        layers: of the transformer.
        heads: of each layer's attention; they divide the width.
        hidden: width of each layer's feed-forward part.

    Raises:
        FameError: the heads do not divide the width.
    """

    def __init__(self, count: int, width: int, layers: int, heads: int, hidden: int) -> None:
        super().__init__()
        if width % heads:
            raise FameError(
                f"{heads} heads cannot share {width} channels; set options.heads to a divisor of "
                "options.width"
            )
        self.positions = nn.Parameter(SPREAD * torch.randn(count, width))
        self.unknown = nn.Parameter(SPREAD * torch.randn(width))
        layer = nn.TransformerEncoderLayer(
            width, heads, hidden, dropout=0.0, activation="gelu", batch_first=True
        )
        self.transformer = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)

    def forward(self, vectors: Tensor, masked: Tensor, keep: Tensor) -> Tensor:
        """The outputs at the masked slots.

        Args:
            vectors: (B, W, D).
            masked: (B,) int64, the slot of each sequence whose vector is not shown.
            keep: (B, W, D), the factors of dropout of the transformer's input.

        Returns:
            (B, D).
        """
        rows = torch.arange(len(vectors), device=vectors.device)
        hidden = torch.zeros_like(vectors[..., :1], dtype=torch.bool)
        hidden[rows, masked] = True
        shown = torch.where(hidden, self.unknown.to(vectors), vectors)
        outputs: Tensor = self.transformer((shown + self.positions) * keep)
        return outputs[rows, masked]
