"""Clips cut in time into equal pieces, and these in another order."""

import torch
from torch import Tensor


def reordered(clips: Tensor, order: Tensor) -> Tensor:
    """Clips whose k-th piece is the original's piece `order[k]`.

    Args:
        clips: (B, C, T, H, W).
        order: (B, s) int64, permutations of s; T is a multiple of s.

    Returns:
        The same shape.
    """
    pieces = clips.unflatten(2, (order.shape[1], -1))
    rows = torch.arange(len(clips), device=clips.device)[:, None]
    return pieces[rows, :, order.to(clips.device)].transpose(1, 2).flatten(2, 3)


def restored(vectors: Tensor, order: Tensor) -> Tensor:
    """What belongs to the pieces of `reordered`, (B, s, D), in their original order."""
    rows = torch.arange(len(vectors), device=vectors.device)[:, None]
    return vectors[rows, order.argsort(dim=1).to(vectors.device)]
