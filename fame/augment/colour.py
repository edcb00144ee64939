"""RGB to HSV and back, in plain torch, for tensors of any layout.

Hue is a fraction of the circle in [0, 1), as in Python's `colorsys`. (kornia gives radians in
[0, 2 pi); `fame.augment.masks.fame` can reproduce the release's bug of taking them for fractions.)
"""

import torch
from torch import Tensor

from fame.core.transfer import sent


def rgb_to_hsv(images: Tensor, dim: int) -> Tensor:
    """Hue, saturation and value of RGB images.

    Args:
        images: float in [0, 1], any shape with 3 channels along `dim`.
        dim: the channel axis.

    Returns:
        The same shape and dtype; along `dim`: hue in [0, 1), saturation and value in [0, 1].
        Greys have hue 0, black has saturation 0.
    """
    red, green, blue = images.unbind(dim)
    low, value = torch.aminmax(images, dim=dim)
    spread = value - low
    saturation = spread / torch.where(value > 0, value, 1)
    divisor = torch.where(spread > 0, spread, 1)
    sixth = torch.where(
        red == value,
        (green - blue) / divisor,
        torch.where(green == value, 2 + (blue - red) / divisor, 4 + (red - green) / divisor),
    )
    hue = torch.remainder(sixth / 6, 1)
    hue = torch.where(hue < 1, hue, 0)  # a tiny negative hue rounds up to a full turn
    return torch.stack([hue, saturation, value], dim)


def hsv_to_rgb(images: Tensor, dim: int) -> Tensor:
    """Invert `rgb_to_hsv`; hue is in turns, of any value.

    Args:
        images: float, any shape, along `dim`: hue, saturation in [0, 1], value in [0, 1].
        dim: the channel axis.

    Returns:
        RGB in [0, 1], the same shape and dtype.
    """
    hue, saturation, value = (channel.unsqueeze(dim) for channel in images.unbind(dim))
    shape = [1] * images.ndim
    shape[dim] = 3
    phase = sent(torch.tensor([5.0, 3.0, 1.0], dtype=images.dtype).view(shape), images.device)
    place = torch.remainder(phase + 6 * hue, 6)
    fade = torch.minimum(place, 4 - place).clamp(0, 1)
    return value * (1 - saturation * fade)


def turn_hue(images: Tensor, turns: Tensor, dim: int) -> Tensor:
    """Turn the hue circle: `rgb_to_hsv`, add to the hue, `hsv_to_rgb`, in fewer steps.

    Args:
        images: float in [0, 1], any shape with 3 channels along `dim`.
        turns: how far, in turns; its shape goes with that of one channel.
        dim: the channel axis.

    Returns:
        RGB in [0, 1], the same shape and dtype; greys stay as they are.
    """
    red, green, blue = images.unbind(dim)
    value = torch.maximum(red, green).maximum(blue)
    spread = value - torch.minimum(red, green).minimum(blue)
    sixths = _sixths(red, green, blue, value, spread).add_(6 * turns)
    channels = []
    for phase in (5, 3, 1):
        place = sixths + phase
        place.sub_(place.div(6).floor_().mul_(6))
        fade = torch.minimum(place, 4 - place).clamp_(0, 1)
        channels.append(torch.addcmul(value, spread, fade, value=-1))
    return torch.stack(channels, dim)


def _sixths(red: Tensor, green: Tensor, blue: Tensor, value: Tensor, spread: Tensor) -> Tensor:
    """The hue in sixths of a turn, in [-1, 5]; 0 for greys."""
    # A grey's differences are 0 whatever they are multiplied by.
    slope = spread.clamp_min(torch.finfo(spread.dtype).tiny).reciprocal_()
    at_green = (blue - red).mul_(slope).add_(2)
    at_blue = (red - green).mul_(slope).add_(4)
    other = torch.where(green == value, at_green, at_blue)
    return torch.where(red == value, (green - blue).mul_(slope), other)
