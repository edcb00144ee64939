"""InfoNCE of pairs of clips among all other clips of a batch; NT-Xent is its plain form."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from fame.pretext.toolbox.losses.contrast import hits


def contrast_pairs(
    first: Tensor, second: Tensor, temperature: float, own: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Logits of each clip against both clips of all videos, without itself.

    Args:
        first: (N, D) unit vectors.
        second: (N, D) unit vectors; row i is the positive of row i of `first`.
        temperature: divides every similarity.
        own: (N, E, D) unit vectors that are negatives of the clips of the same row only.

    Returns:
        (2 N, 2 N + E) logits of the first clips, then of the second, and (2 N,) int64 targets.
    """
    both = torch.cat([first, second])
    itself = torch.eye(len(both), dtype=torch.bool, device=both.device)
    parts = [(both @ both.T).masked_fill(itself, -torch.inf)]
    if own is not None:
        parts.append((both.unflatten(0, (2, -1))[:, :, None] * own).sum(dim=3).flatten(0, 1))
    targets = torch.arange(len(both), device=both.device).roll(len(first))
    return torch.cat(parts, dim=1) / temperature, targets


def nt_xent(first: Tensor, second: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """NT-Xent (Chen et al., ICML 2020): each vector against all others of a batch of pairs.

    Args:
        first: (N, D) vectors of one view of all videos. Unit length is not needed.
        second: (N, D), of the other view; row i is the partner of row i of `first`.
        temperature: divides every dot product.

    Returns:
        The mean loss of all 2 N vectors, and the share whose most similar other is their partner.
    """
    with torch.autocast(first.device.type, enabled=False):
        logits, partners = contrast_pairs(first, second, temperature)
        return cross_entropy(logits, partners), hits(logits, partners)
