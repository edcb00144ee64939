"""RGB to HSV and back, in plain torch, for tensors of any layout.

Hue is a fraction of the circle in [0, 1), as in Python's `colorsys`. (kornia gives radians in
[0, 2 pi); `fame.augment.masks.fame` can reproduce the release's bug of taking them for fractions.)
"""

import torch
from torch import Tensor


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
    phase = torch.tensor([5.0, 3.0, 1.0], dtype=images.dtype, device=images.device).view(shape)
    place = torch.remainder(phase + 6 * hue, 6)
    fade = torch.minimum(place, 4 - place).clamp(0, 1)
    return value * (1 - saturation * fade)
