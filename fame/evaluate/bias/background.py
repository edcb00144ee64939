"""Remove the foreground of a video: each foreground pixel is replaced by the background behind it.

The background is visible in the frames in which the pixel is not foreground, so the camera should
hardly move. Pixels that are never background are filled from their neighbours.
"""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d

MARGIN = 2
"""Pixels around the foreground that are erased with it: its edge is blended with the background,
and the remaining outline would show its motion."""

GREY = 0.5
"""Fills a video that is all foreground."""


def plate(frames: Tensor, masks: Tensor) -> Tensor:
    """The static background of one video.

    Args:
        frames: (F, 3, H, W) float in [0, 1], in any order.
        masks: (F, H, W) bool, true on the foreground.

    Returns:
        (3, H, W): the median over the frames in which a pixel is background (the lower of two
        middle values); elsewhere grown from the nearest such pixels.
    """
    # By sorting: PyTorch has no deterministic median on a GPU.
    ordered = frames.masked_fill(masks[:, None], torch.inf).sort(dim=0).values
    count = (~masks).sum(dim=0)
    middle = (count - 1).clamp_min(0) // 2
    seen = ordered.gather(0, middle.expand(1, *frames.shape[1:]))[0]
    return grow(seen.where(count > 0, GREY), count > 0)


def grow(picture: Tensor, known: Tensor) -> Tensor:
    """Fill unknown pixels ring by ring, each with the mean of its known neighbours (3 x 3).

    Args:
        picture: (3, H, W) float.
        known: (H, W) bool; if nothing is known, the picture is returned unchanged.

    Returns:
        (3, H, W), unchanged where known.
    """
    if not known.any():
        return picture
    while not known.all():
        weight = known.to(picture.dtype)[None]
        total = avg_pool2d(torch.cat([picture * weight, weight]), 3, stride=1, padding=1)
        reached = ~known & (total[3] > 0)
        filled = total[:3] / total[3].clamp_min(torch.finfo(total.dtype).tiny)
        picture = torch.where(reached, filled, picture)
        known = known | reached
    return picture


def erase(clips: Tensor, masks: Tensor) -> Tensor:
    """Clips with their foreground replaced by the background behind it.

    Args:
        clips: (B, n, 3, T, H, W) float in [0, 1]; a video's n clips share one background.
        masks: (B, n, T, H, W) bool, true on the foreground.

    Returns:
        Like `clips`; in each frame, background pixels outside a margin are unchanged.
    """
    masks = widen(masks)
    frames = clips.transpose(2, 3).flatten(1, 2)
    plates = torch.stack(
        [plate(video, mask) for video, mask in zip(frames, masks.flatten(1, 2), strict=True)]
    )
    return torch.where(masks[:, :, None], plates[:, None, :, None], clips)


def widen(masks: Tensor) -> Tensor:
    """Masks (..., H, W) bool, grown by MARGIN pixels in every direction."""
    flat = masks.flatten(0, -3)[:, None].float()
    grown = max_pool2d(flat, 2 * MARGIN + 1, stride=1, padding=MARGIN)
    return grown[:, 0].bool().view_as(masks)
