"""The first convolution of an encoder, with three input channels."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from fame.models.flat_conv import FlatConv3d

WHOLE = 8
"""16-bit channels that tensor cores process at once."""


class ColourConv3d(FlatConv3d):
    """A FlatConv3d that makes channels of neighbouring pixels, in bfloat16 on a GPU.

    Tensor cores have little to do with three channels: with zeros for five more, the first
    convolution of I3D took 86 of 445 ms of a training step's kernels on an H200, forward alone. So
    the frames of a kernel become channels, and if it moves by two pixels the four pixels of each
    square too: I3D's 7 x 7 x 7 on 3 channels becomes 4 x 4 on 112. The sums are the same, in
    another order. Weights, gradients and state dict are those of Conv3d.

    Shape:
        (B, in_channels, T, H, W) -> (B, out_channels, t, h, w), as for Conv3d.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Convolve."""
        if not self._folds(input):
            return super().forward(input)
        return self.widened(input, self.out_channels)

    def widened(self, input: Tensor, outputs: int) -> Tensor:
        """See `FlatConv3d.widened`."""
        if not self._folds(input):
            return super().widened(input, outputs)
        after = outputs - self.out_channels
        weight = F.pad(self.weight, (0, 0, 0, 0, 0, 0, 0, 0, 0, after))
        bias = None if self.bias is None else F.pad(self.bias, (0, after))
        return folded_conv(
            input.to(torch.bfloat16), weight, bias, self.stride, tuple(map(int, self.padding))
        )

    def _folds(self, input: Tensor) -> bool:
        return in_bfloat16_on_a_gpu(input) and self._is_supported() and input.dim() == 5


def folded_conv(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: tuple[int, ...],
    padding: tuple[int, ...],
) -> Tensor:
    """A 3-D convolution as one in two dimensions on more channels.

    Args:
        input: (B, C, T, H, W).
        weight: (D, C, kt, kh, kw).
        bias: (D,), or None.
        stride: over time, height and width.
        padding: with zeros, on both sides of time, height and width.

    Returns:
        (B, D, t, h, w), channels last in memory; equal to `conv3d` but for the order of sums.
    """
    kernel = tuple(weight.shape[2:])
    side = 2 if tuple(stride[1:]) == (2, 2) else 1
    steps = (1, 1) if side == 2 else (stride[1], stride[2])
    # Kernels of whole squares, and as many pixels as all windows of these cover.
    odd = [-size % side for size in kernel[1:]]
    ends = [
        _covered(size + 2 * pad, width, step, extra)
        for size, pad, width, step, extra in zip(
            input.shape[3:], padding[1:], kernel[1:], stride[1:], odd, strict=True
        )
    ]
    height, width = (size - at for size, at in zip(ends, input.shape[3:], strict=True))
    colours = _colours(kernel[0] * side * side, input.shape[1]) - input.shape[1]
    before, above, left = padding
    around = (left, width - left, above, height - above, before, before, 0, colours)
    windows = F.pad(input, around).unfold(2, kernel[0], stride[0])
    weights = F.pad(weight, (0, odd[1], 0, odd[0], 0, 0, 0, colours))
    convolved = F.conv2d(
        _squares(windows, side), _squares(weights.unfold(2, kernel[0], 1), side), bias, steps
    )
    return convolved.unflatten(0, (len(input), -1)).transpose(1, 2)


def _covered(size: int, width: int, step: int, extra: int) -> int:
    """How many of `size` padded pixels, or how many more, the windows of `width + extra` cover."""
    return (size - width) // step * step + width + extra


def _colours(copies: int, colours: int) -> int:
    """The least number of colours with which all channels fill tensor cores."""
    whole = WHOLE // math.gcd(WHOLE, copies)
    return -(-colours // whole) * whole


def _squares(windows: Tensor, side: int) -> Tensor:
    """Frames of a window, and the pixels of each square, as channels of pictures.

    Args:
        windows: (N, C, T, H, W, K); the square's side divides H and W.
        side: of a square, in pixels.

    Returns:
        (N * T, K * side * side * C, H / side, W / side), channels last in memory.
    """
    split = windows.unflatten(4, (-1, side)).unflatten(3, (-1, side))
    count, _, frames, height, _, width, _, _ = split.shape
    # Colours stay together, so that whole pixels are copied.
    rows = split.permute(0, 2, 3, 5, 7, 4, 6, 1)
    return rows.reshape(count * frames, height, width, -1).permute(0, 3, 1, 2)


def in_bfloat16_on_a_gpu(x: Tensor) -> bool:
    """Whether autocast will convolve a tensor in bfloat16 on a GPU."""
    return (
        x.is_cuda
        and torch.is_autocast_enabled("cuda")
        and torch.get_autocast_dtype("cuda") == torch.bfloat16
    )
