"""Gauss variant (Table 4): a centred Gaussian, independent of the video."""

import torch
from torch import Tensor

from fame.augment.gaussian import kernel


def _bell(length: int, like: Tensor) -> Tensor:
    weights = kernel(length, like.new_full((1,), length / 3))[0]
    return weights / weights.max()


@torch.no_grad()
def soft_map(clips: Tensor) -> Tensor:
    """The mask itself: (B, 3, T, H, W) clips to (B, H, W) in (0, 1]."""
    height, width = clips.shape[-2:]
    bell = _bell(height, clips)[:, None] * _bell(width, clips)
    return bell.expand(len(clips), height, width)


def mask(clips: Tensor, beta: float) -> Tensor:
    """A soft mask, 1 in the middle, with a standard deviation of a third of each side.

    It is blended, not thresholded (facts A2), so `beta`, part of the common signature, is ignored.

    Args:
        clips: (B, 3, T, H, W) float; only shape, dtype and device matter.
        beta: ignored.

    Returns:
        (B, H, W) in (0, 1].
    """
    return soft_map(clips)
