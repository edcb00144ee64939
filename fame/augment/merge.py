"""Give a clip the background of a donor (facts A1 step 12, A3).

With `inter` backgrounds, donors are other videos of the group, chosen by `donors`; with `intra`
backgrounds, the caller passes another clip of the same video.
"""

from typing import Literal

import numpy as np
import torch
from torch import Tensor

from fame.core.errors import FameError
from fame.core.randomness import generator

Kind = Literal["derangement", "permutation"]
"""`permutation`: a clip may draw itself, as in the release. `derangement`: no clip draws itself."""


def merge(foreground: Tensor, donor: Tensor, masks: Tensor) -> Tensor:
    """Each clip inside its mask, its donor outside: X * M + Y * (1 - M).

    Args:
        foreground: (B, C, T, H, W) float in [0, 1].
        donor: the same shape; the whole donor clip is used, its own actors included.
        masks: (B, H, W) float in [0, 1], one for all frames of a clip.

    Returns:
        (B, C, T, H, W).
    """
    return torch.lerp(donor, foreground, masks[:, None, None])


def _order(rng: np.random.Generator, size: int, kind: Kind) -> np.ndarray:
    order = rng.permutation(size)
    # Rejection sampling makes all derangements equally likely; it takes about e tries on average.
    while kind == "derangement" and (order == np.arange(size)).any():
        order = rng.permutation(size)
    return order


def donors(
    seed: int, step: int, first_group: int, groups: int, size: int, kind: Kind
) -> np.ndarray:
    """The clip of the same group that gives each clip its background.

    A draw is keyed by the group's number in the global batch, so a process with groups 4 to 7
    draws the same as a single process with all groups.

    Args:
        seed: the run's seed.
        step: the training step.
        first_group: number, in the global batch, of this process's first group.
        groups: number of groups of this process.
        size: clips in a group (the paper's 8 clips per GPU).
        kind: see `Kind`.

    Returns:
        (groups * size,) int64, indices into the local batch, where groups are contiguous.

    Raises:
        FameError: a derangement of a single clip.
    """
    if kind == "derangement" and size < 2:
        raise FameError(
            "A donor other than the clip itself needs groups of 2 clips or more; "
            "raise the group size."
        )
    orders = [
        group * size + _order(generator(seed, "donors", step, first_group + group), size, kind)
        for group in range(groups)
    ]
    return np.concatenate(orders).astype(np.int64)
