"""Pieces of two clips of a video: each like its partner, unlike all others (SRTC, BMVC 2021)."""

import torch
from torch import Tensor
from torch.nn.functional import softplus

CAP = 5.0
"""Limit of a scaled gap. Beyond it a pair has no gradient, as released."""


def partner_loss(first: Tensor, second: Tensor, theta: float) -> Tensor:
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


def found(first: Tensor, second: Tensor) -> Tensor:
    """The share of `first`'s pieces (B, s, D) whose most similar piece of `second` is their own."""
    nearest = (first @ second.transpose(1, 2)).argmax(dim=2)
    return (nearest == torch.arange(first.shape[1], device=first.device)).float().mean()
