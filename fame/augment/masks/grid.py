"""Grid variant (Table 4): the cells of a 4 x 4 grid that move most."""

import torch
from torch import Tensor

from fame.augment.masks.common import seed_map, top_share

CELLS = 4
"""Cells along each side (facts A2)."""


def _cell_of_pixel(height: int, width: int, device: torch.device) -> Tensor:
    rows = torch.arange(height, device=device) * CELLS // height
    columns = torch.arange(width, device=device) * CELLS // width
    return rows[:, None] * CELLS + columns


def _spread(cells: Tensor, height: int, width: int) -> Tensor:
    return cells[:, _cell_of_pixel(height, width, cells.device)]


def _cell_motion(clips: Tensor) -> Tensor:
    maps = seed_map(clips)
    batch, height, width = maps.shape
    places = _cell_of_pixel(height, width, maps.device).flatten().expand(batch, -1)
    return maps.new_zeros(batch, CELLS * CELLS).scatter_add_(1, places, maps.flatten(1))


@torch.no_grad()
def soft_map(clips: Tensor) -> Tensor:
    """Each pixel's share of its clip's largest cell sum: (B, 3, T, H, W) to (B, H, W) in [0, 1]."""
    cells = _cell_motion(clips)
    highest = cells.amax(1, keepdim=True)
    return _spread(cells / torch.where(highest > 0, highest, 1), *clips.shape[-2:])


@torch.no_grad()
def mask(clips: Tensor, beta: float) -> Tensor:
    """Foreground = the cells with the largest sums of the seed map.

    If 4 does not divide a side, cell sizes differ by a pixel.

    Args:
        clips: (B, 3, T, H, W) float RGB in [0, 1], T >= 2.
        beta: share of foreground cells, in [0, 1]; 0.5 keeps 8 of 16 as the paper does.

    Returns:
        (B, H, W), 0 or 1, exactly `int(16 * beta)` cells; a clip without motion keeps the first
        cells in reading order.
    """
    cells = top_share(_cell_motion(clips).view(-1, CELLS, CELLS), beta)
    return _spread(cells.flatten(1), *clips.shape[-2:])
