"""Rearrangements of a square clip's pixels: quarter turns, and quadrants in reverse order."""

import torch
from torch import Tensor

from fame.core.errors import FameError

TURNS = 4
QUADRANTS = TURNS
REARRANGEMENTS = TURNS + 1
"""0 to 3: quarter turns counter-clockwise; `QUADRANTS`: [[A, B], [C, D]] to [[D, C], [B, A]]."""


def check_even(size: int, method: str) -> None:
    """Refuse views that cannot be cut into quadrants.

    Raises:
        FameError: the views' side is odd.
    """
    if size % 2:
        raise FameError(
            f"the method {method!r} cuts views into quadrants, which a side of {size} pixels does "
            "not allow; make the backbone's size even"
        )


def rearranged(clips: Tensor, chosen: Tensor) -> Tensor:
    """Rearrange each clip's pixels, the same way in all its frames.

    Pixels only change places. An interpolated rotation would repeat a border line on sides that
    depend on the angle, which gives the label away.

    Args:
        clips: (B, C, T, S, S); S is even if quadrants are chosen.
        chosen: (B,) int64 in [0, REARRANGEMENTS), on any device.

    Returns:
        (B, C, T, S, S).
    """
    size = clips.shape[-1]
    pixels = torch.arange(size * size, device=clips.device).view(size, size)
    turned = [pixels.rot90(turns) for turns in range(TURNS)]
    tables = [*turned, pixels.roll((size // 2,) * 2, (0, 1))]
    places = torch.stack(tables).flatten(1)[chosen.to(clips.device)]
    flat = clips.flatten(3)
    return flat.gather(3, places[:, None, None].expand_as(flat)).view_as(clips)
