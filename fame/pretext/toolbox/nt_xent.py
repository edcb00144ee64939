"""NT-Xent (Chen et al., ICML 2020): each vector against all others of a batch of pairs."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from fame.pretext.toolbox.contrast import hits


def nt_xent(first: Tensor, second: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """The mean loss of all 2 N vectors, and the share whose most similar other is their partner.

    Args:
        first: (N, D) vectors of one view of all videos. Unit length is not needed.
        second: (N, D), of the other view; row i is the partner of row i of `first`.
        temperature: divides every dot product.
    """
    count = len(first)
    vectors = torch.cat([first, second])
    with torch.autocast(vectors.device.type, enabled=False):
        similarities = vectors @ vectors.T / temperature
        itself = torch.eye(2 * count, dtype=torch.bool, device=vectors.device)
        logits = similarities.masked_fill(itself, float("-inf"))
        partners = torch.arange(2 * count, device=vectors.device).roll(count)
        return cross_entropy(logits, partners), hits(logits, partners)
