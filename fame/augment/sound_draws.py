"""Random changes of sound: its volume, and SpecAugment's masks (Park et al., Interspeech 2019).

One band and one stretch of time of the features are set to 0, as in GDT's "medium" setting; there
is no warping of time.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fame.core.randomness import generator
from fame.data.clips.batch import Batch

VOLUME = (0.9, 1.1)
WIDEST_BAND, LONGEST = 3, 6
"""Bands and steps that are masked, at most one less of each."""


@dataclass(frozen=True)
class SoundDraws:
    """The random choices for each of B windows of sound; all tensors are on the CPU.

    Attributes:
        volume: (B,) float64 factors.
        places: (B, 4) float64 in [0, 1): width and place of the band, length and place in time.
    """

    volume: Tensor
    places: Tensor


def draw_sound(seed: int, purpose: str, batch: Batch) -> SoundDraws:
    """The choices for one window of each video, keyed by epoch and video.

    Args:
        seed: the run's seed.
        purpose: name of the window; different ones are independent.
        batch: gives the keys.
    """
    keys = zip(batch.epochs.tolist(), batch.indices.tolist(), strict=True)
    drawn = torch.from_numpy(np.stack([generator(seed, purpose, *key).random(5) for key in keys]))
    return SoundDraws(VOLUME[0] + (VOLUME[1] - VOLUME[0]) * drawn[:, 0], drawn[:, 1:])


def masked(features: Tensor, places: Tensor) -> Tensor:
    """Features (B, bands, steps) with a band and a stretch of each set to 0, by places (B, 4)."""
    bands, steps = features.shape[1:]
    width, at, length, since = places.to(features.device).unbind(dim=1)
    across = _outside(bands, (WIDEST_BAND * width).floor(), at)
    along = _outside(steps, (LONGEST * length).floor(), since)
    return features * (across[:, :, None] * along[:, None, :]).to(features)


def _outside(count: int, width: Tensor, place: Tensor) -> Tensor:
    """(B, count) bool, false in a run of `width` that begins anywhere, by `place` in [0, 1)."""
    begin = (place * (count - width + 1)).floor()[:, None]
    numbers = torch.arange(count, device=width.device)
    return (numbers < begin) | (numbers >= begin + width[:, None])
