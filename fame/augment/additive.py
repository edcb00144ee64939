"""Colour jitter as kornia had it before version 0.6.4, and so probably the published encoders.

Brightness is added to, colours are multiplied by the contrast, and saturation is scaled in HSV,
where torchvision blends with black, with the mean grey and with the grey picture. Each operation
clips its result to [0, 1]. The factors are the same numbers: 1 changes nothing.
"""

from torch import Tensor

from fame.augment.colour import hsv_to_rgb, rgb_to_hsv


def _over_clips(factors: Tensor) -> Tensor:
    """(B,) to (B, 1, 1, 1, 1)."""
    return factors.view(-1, 1, 1, 1, 1)


def brightness(clips: Tensor, factors: Tensor) -> Tensor:
    """Add factor - 1 to every value of (B, 3, T, H, W) in [0, 1]; factors are (B,)."""
    return (clips + (_over_clips(factors) - 1)).clamp_(0, 1)


def contrast(clips: Tensor, factors: Tensor) -> Tensor:
    """Multiply every value of (B, 3, T, H, W) in [0, 1]; factors are (B,)."""
    return (clips * _over_clips(factors)).clamp_(0, 1)


def saturation(clips: Tensor, factors: Tensor) -> Tensor:
    """Scale HSV's saturation of (B, 3, T, H, W) in [0, 1], at most to 1; factors are (B,)."""
    hsv = rgb_to_hsv(clips, 1)
    hsv[:, 1:2].mul_(_over_clips(factors)).clamp_(0, 1)
    return hsv_to_rgb(hsv, 1)
