"""Exact rotations of square clips by quarter turns."""

import torch
from torch import Tensor

TURNS = 4


def turned(clips: Tensor, turns: Tensor) -> Tensor:
    """Each clip turned counter-clockwise by its number of quarter turns.

    Pixels only change places. An interpolated rotation would repeat a border line on sides that
    depend on the angle, which gives the label away.

    Args:
        clips: (B, ..., S, S), square.
        turns: (B,) int64 in [0, 4).

    Returns:
        The same shape.
    """
    result = clips.clone()
    for turn in range(1, TURNS):
        rows = (turns == turn).nonzero().flatten().to(clips.device)
        if len(rows):
            result[rows] = torch.rot90(clips[rows], turn, (-2, -1))
    return result
