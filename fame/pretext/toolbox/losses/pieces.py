"""Clips cut in time into equal pieces: these in another order, and a loss that matches them.

The loss is SRTC's (Zhang et al., BMVC 2021): a piece is like the same piece of another clip of its
video, and unlike all others.
"""

import torch
from torch import Tensor
from torch.nn.functional import softplus

CAP = 5.0
"""Limit of a scaled gap. Beyond it a pair has no gradient, as released."""


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


def piece_loss(first: Tensor, second: Tensor, theta: float) -> Tensor:
    """Half the mean of log(1 + exp((a.m - a.a') / theta)) over vectors a and others m.

    a runs over the 2 s vectors of both clips, a' is the same piece of the other clip, and m is any
    of the 2 s - 2 others.

    Args:
        first: (B, s, D) unit vectors of one clip's pieces, s at least 2.
        second: (B, s, D) of the other's.
        theta: divides the gap between the similarities.

    Returns:
        (B,); ln 2 / 2 if all vectors are equal.
    """
    with torch.autocast(first.device.type, enabled=False):
        vectors = torch.cat([first, second], dim=1)
        count, pieces = vectors.shape[1], first.shape[1]
        similar = vectors @ vectors.transpose(1, 2)
        numbers = torch.arange(count, device=vectors.device)
        partners = numbers.roll(pieces)
        gaps = (similar - similar[:, numbers, partners][:, :, None]) / theta
        others = (numbers != numbers[:, None]) & (numbers != partners[:, None])
        return 0.5 * softplus(gaps.clamp(max=CAP))[:, others].mean(dim=1)


def matched(first: Tensor, second: Tensor) -> Tensor:
    """The share of `first`'s pieces (B, s, D) whose most similar piece of `second` is their own."""
    nearest = (first @ second.transpose(1, 2)).argmax(dim=2)
    return (nearest == torch.arange(first.shape[1], device=first.device)).float().mean()
