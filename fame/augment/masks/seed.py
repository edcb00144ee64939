"""Seed variant (Table 4): the pixels that move most, without the colour model."""

import torch
from torch import Tensor

from fame.augment.masks.common import seed_map, top_share


def soft_map(clips: Tensor) -> Tensor:
    """The map that `mask` thresholds: (B, 3, T, H, W) clips in [0, 1] to (B, H, W) in [0, 1]."""
    return seed_map(clips)


@torch.no_grad()
def mask(clips: Tensor, beta: float) -> Tensor:
    """Foreground = the share beta of pixels with the most smoothed motion.

    The definition follows from the name and Figure 4 (facts A2): FAME's steps without 4-9.

    Args:
        clips: (B, 3, T, H, W) float RGB in [0, 1], T >= 2.
        beta: share of foreground pixels, in [0, 1].

    Returns:
        (B, H, W), 0 or 1, exactly `int(beta * H * W)` ones; a clip without motion keeps the
        first pixels in reading order.
    """
    return top_share(soft_map(clips), beta)
