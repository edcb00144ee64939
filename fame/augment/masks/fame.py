"""FAME (the paper's method, facts A1): grow the moving seed by its colours.

The pixels that move most give a colour histogram of the foreground, those that move least one of
the background. Bayes' rule with equal priors then scores every pixel of the mean frame, so that the
mask covers the whole actor and not only the limbs that moved.
"""

from typing import Literal

import torch
from torch import Tensor

from fame.augment.colour import rgb_to_hsv
from fame.augment.masks.common import (
    EPSILON,
    seed_map,
    smooth,
    stretch,
    top_pixels,
    top_share,
)

Hue = Literal["correct", "official"]
"""`correct`: hue as a fraction of the circle. `official`: the release's bug, hue in radians
multiplied by 2 pi again; the published masks have it."""

LEVELS = 10
FOREGROUND = 0.5
BACKGROUND = 0.1


def colour_bins(images: Tensor, hue: Hue = "correct") -> Tensor:
    """Quantise colours to 10 levels on each of three axes (facts A1 step 7).

    The axes are the two Cartesian coordinates of (saturation, hue angle) and the value; each is
    rounded to 1..10, halves to the even level.

    Args:
        images: (B, 3, H, W) float RGB in [0, 1].
        hue: how the hue angle is computed.

    Returns:
        (B, H, W) int64 in [0, 1000).
    """
    turns, saturation, value = rgb_to_hsv(images, dim=1).unbind(1)
    angle = turns * (2 * torch.pi)
    if hue == "official":
        angle = angle * (2 * torch.pi)
    axes = torch.stack([saturation * angle.cos(), saturation * angle.sin()])
    first, second = ((axes + 1) / 2 * (LEVELS - 1) + 1).round().long() - 1
    third = (value * (LEVELS - 1) + 1).round().long() - 1
    return first + LEVELS * second + LEVELS**2 * third


def _histogram(bins: Tensor, chosen: Tensor, pseudocount: float) -> Tensor:
    """Counts (B, 1000) float32, which is exact for whole numbers below 2^24."""
    counts = bins.new_zeros((len(bins), LEVELS**3))
    counts.scatter_add_(1, bins, chosen.long())
    return counts.float() + pseudocount


def posterior(bins: Tensor, seeds: Tensor, pseudocount: float = 1) -> Tensor:
    """Probability that a pixel's colour is foreground (facts A1 steps 5, 6, 8, 9).

    The half of the pixels that move most are the foreground sample, the tenth that move least the
    background sample; only the background's counts get `pseudocount` added in every bin. Among
    pixels with equal motion, earlier ones count as moving more.

    Args:
        bins: (B, H, W) int64 in [0, 1000).
        seeds: (B, H, W) float, motion.
        pseudocount: above 0; 1 in the release. The background sample of a clip of 112 pixels has
            1,254 pixels, so 1,000 ones are nearly half of its counts; of one of 32 pixels it has
            102, and 0.08 is the same share.

    Returns:
        (B, H, W) in [0, 1), dtype of `seeds`.
    """
    flat, places = seeds.flatten(1), bins.flatten(1)
    pixels = flat.shape[1]
    moving = top_pixels(flat, int(FOREGROUND * pixels))
    still = ~top_pixels(flat, pixels - int(BACKGROUND * pixels))
    likelihoods = []
    for chosen, added in ((moving, 0), (still, pseudocount)):
        counts = _histogram(places, chosen, added).to(seeds.dtype)
        likelihood = counts / (counts.sum(1, keepdim=True) + EPSILON)
        likelihoods.append(likelihood.gather(1, places))
    foreground, background = likelihoods
    return (foreground / (foreground + background)).view_as(seeds)


@torch.no_grad()
def soft_map(clips: Tensor, hue: Hue = "correct", pseudocount: float = 1) -> Tensor:
    """The map that `mask` thresholds: smoothed foreground posterior (facts A1 steps 1-10).

    Args:
        clips: (B, 3, T, H, W) float RGB in [0, 1], T >= 2.
        hue: see `Hue`.
        pseudocount: see `posterior`.

    Returns:
        (B, H, W) in [0, 1].
    """
    bins = colour_bins(clips.mean(2), hue)
    return stretch(smooth(posterior(bins, seed_map(clips), pseudocount)))


@torch.no_grad()
def mask(clips: Tensor, beta: float, hue: Hue = "correct", pseudocount: float = 1) -> Tensor:
    """Foreground = the share beta of pixels whose colours are most like those of moving pixels.

    Args:
        clips: (B, 3, T, H, W) float RGB in [0, 1], T >= 2, cropped and flipped, not normalised.
        beta: share of foreground pixels, in [0, 1].
        hue: see `Hue`.
        pseudocount: see `posterior`.

    Returns:
        (B, H, W), 0 or 1, exactly `int(beta * H * W)` ones. In a clip without motion the samples
        are the upper half (foreground) and the last tenth in reading order (background).
    """
    return top_share(soft_map(clips, hue, pseudocount), beta)
