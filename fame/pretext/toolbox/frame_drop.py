"""Frames taken out of a clip by their weights (VideoMoCo; Pan et al., CVPR 2021)."""

import torch
from torch import Tensor


def without_lowest(clips: Tensor, weights: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Clips whose `count` frames of lowest weight are replaced by their own mean value.

    The choice has no gradient, so the weights get a straight-through one: each frame's weight gets
    the sum of the gradient at that frame over channels and pixels, whether it was dropped or not.

    Args:
        clips: (B, C, T, H, W).
        weights: (B, T); of equal ones the earlier is lower.
        count: from 0 to T.

    Returns:
        The clips, and the numbers of the dropped frames (B, count) int64, lowest weight first.
    """
    order = weights.detach().argsort(dim=1, stable=True)
    dropped = (order.argsort(dim=1) < count)[:, None, :, None, None]
    kept = torch.where(dropped, clips.mean(dim=(1, 3, 4), keepdim=True), clips)
    through = (weights - weights.detach()).to(clips.dtype)
    return kept + through[:, None, :, None, None], order[:, :count]
