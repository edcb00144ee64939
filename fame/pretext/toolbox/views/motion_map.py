"""PRP's motion map: where a window of video moves, as weights of a reconstruction error."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

LOW, HIGH = 0.8, 2.0
STILLS = 4
"""Frames of each piece that are compared."""

_TINY = 1e-6


def stills(frames: int) -> np.ndarray:
    """Which frames of a piece of `frames` frames are compared: 0, 5, 10 and 15 of 16."""
    return np.rint(np.linspace(0, frames - 1, STILLS)).astype(np.int64)


def motion_of_pieces(pictures: Tensor) -> Tensor:
    """The motion of each piece of a window.

    Squared differences of successive stills are averaged over squares of a quarter of the side, a
    sixteenth of the side apart, scaled to [0.8, 2] for each colour, and resized bilinearly. A piece
    in which nothing moves gets 1 everywhere.

    Args:
        pictures: (B, C, pieces, STILLS, S, S) in [0, 1], S a multiple of 16.

    Returns:
        (B, C, pieces, S, S).
    """
    size = pictures.shape[-1]
    change = pictures.diff(dim=3).square().mean(dim=3)
    coarse = avg_pool2d(change.flatten(0, 2)[:, None], size // 4, size // 16)
    low, high = coarse.amin((2, 3), keepdim=True), coarse.amax((2, 3), keepdim=True)
    scaled = LOW + (HIGH - LOW) * (coarse - low + _TINY) / (high - low + _TINY)
    fine = interpolate(scaled, (size, size), mode="bilinear", align_corners=False)
    still = change.amax((1, 3, 4))[:, None, :, None, None] == 0
    return torch.where(still, 1.0, fine.view_as(change))


def motion_map(pictures: Tensor, pieces: Tensor, length: int) -> Tensor:
    """Weights of `length` frames that cover the window evenly.

    Args:
        pictures: (B, C, P, STILLS, S, S) in [0, 1], stills of the pieces in order.
        pieces: (B,) int64, at most P: how many of the pieces the window has.
        length: frames of the reconstruction.

    Returns:
        (B, C, length, S, S) in [0.8, 2].
    """
    motion = motion_of_pieces(pictures)
    moments = torch.arange(length, device=motion.device)
    piece = moments * pieces[:, None].to(motion.device) // length
    places = piece[:, None, :, None, None].expand(-1, motion.shape[1], -1, *motion.shape[3:])
    return motion.gather(2, places)
