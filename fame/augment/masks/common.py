"""Steps shared by mask variants: motion, the seed map, and exact shares of pixels."""

import torch
from torch import Tensor

from fame.augment.gaussian import blur, kernel_size
from fame.core.errors import FameError

EPSILON = 1e-8
"""Keeps divisions finite, as in the authors' code (facts A1 steps 3 and 8)."""


def motion(clips: Tensor) -> Tensor:
    """Mean absolute difference of neighbouring frames (facts A1 step 1).

    Args:
        clips: (B, 3, T, H, W) float RGB in [0, 1], T >= 2.

    Returns:
        (B, H, W) in [0, 3]: summed over the colours, averaged over the T - 1 differences.

    Raises:
        FameError: the clips have a single frame.
    """
    frames = clips.shape[2]
    if frames < 2:
        raise FameError("A motion mask needs clips of 2 frames or more; raise the clip length.")
    return clips.diff(dim=2).abs_().sum((1, 2)) / (frames - 1)


def smooth(maps: Tensor) -> Tensor:
    """The blur of facts A1 steps 2 and 10: a kernel of a tenth of the crop, sigma a third of it.

    Args:
        maps: (B, H, W) float; the shorter side sets the kernel.

    Returns:
        (B, H, W).
    """
    size = kernel_size(min(maps.shape[-2:]))
    return blur(maps, size, size / 3)


def stretch(maps: Tensor) -> Tensor:
    """Scale each map linearly to [0, 1]; a constant map becomes 0 everywhere.

    Args:
        maps: (B, H, W) float.

    Returns:
        (B, H, W).
    """
    low, high = maps.amin((1, 2), keepdim=True), maps.amax((1, 2), keepdim=True)
    return (maps - low) / (high - low + EPSILON)


@torch.no_grad()
def seed_map(clips: Tensor) -> Tensor:
    """Smoothed motion, scaled to [0, 1] (facts A1 steps 1-3).

    Args:
        clips: (B, 3, T, H, W) float RGB in [0, 1], T >= 2.

    Returns:
        (B, H, W) in [0, 1]; 0 everywhere for a clip without motion.
    """
    return stretch(smooth(motion(clips)))


def top_pixels(values: Tensor, count: int) -> Tensor:
    """Mark the `count` highest values of each row; among equals, earlier ones first.

    Args:
        values: (B, N) float.
        count: how many to mark, 0 to N.

    Returns:
        (B, N) bool with exactly `count` True in each row.
    """
    if count == 0:
        return torch.zeros_like(values, dtype=torch.bool)
    # topk alone does not define the order among equals; a stable sort is several times slower.
    threshold = values.topk(count, dim=1, sorted=False).values.amin(1, keepdim=True)
    above, equal = values > threshold, values == threshold
    free = count - above.sum(1, keepdim=True)
    return above | (equal & (equal.cumsum(1) <= free))


def top_share(values: Tensor, beta: float) -> Tensor:
    """Binary masks of the `int(beta * H * W)` highest pixels (facts A1 step 11).

    Among equal values, pixels earlier in reading order win, so a constant map keeps its top rows.

    Args:
        values: (B, H, W) float.
        beta: share to keep, in [0, 1].

    Returns:
        (B, H, W), 0 or 1, dtype of `values`.

    Raises:
        FameError: beta lies outside [0, 1].
    """
    if not 0 <= beta <= 1:
        raise FameError(f"The foreground share beta is {beta}; give a number from 0 to 1.")
    flat = values.flatten(1)
    return top_pixels(flat, int(beta * flat.shape[1])).to(values.dtype).view_as(values)
