"""2-D convolutions to or from 8 channels or fewer on a CPU, two neighbouring positions at a time.

The kernels of PyTorch fill a vector of 16 numbers with the outputs of one position, and 8 channels
leave half of it empty. A kernel that is wider by one stride holds the same weights twice and gives
two neighbours' outputs at once. With channels last they lie one after the other, as they should.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

Pair = tuple[int, int]

NARROW = 8
"""Channels of half a vector."""

WORTHWHILE = 2**18
"""Values of the input above which the gain exceeds the cost of more calls."""


def suits(x: Tensor, weight: Tensor, bias: Tensor | None) -> bool:
    """Whether `narrow_conv` takes these arguments and is faster than `conv2d`."""
    return (
        x.device.type == "cpu"
        and x.dtype == weight.dtype == torch.float32
        and bias is None
        and min(weight.shape[:2]) <= NARROW
        and x.numel() > WORTHWHILE
        and x.is_contiguous(memory_format=torch.channels_last)
        and not torch.is_autocast_enabled("cpu")
    )


def narrow_conv(x: Tensor, weight: Tensor, stride: Pair, padding: Pair) -> Tensor:
    """Equals `conv2d` without bias but for rounding.

    Args:
        x: (N, C, H, W), channels last in memory.
        weight: (D, C, h, w).
        stride: of rows and columns.
        padding: of rows and columns, with zeros.

    Returns:
        (N, D, H', W'), channels last in memory.
    """
    convolved: Tensor = _Convolve.apply(x, weight, stride, padding)
    return convolved


class _Convolve(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, stride: Pair, padding: Pair) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        return _forward(x, weight, stride, padding)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        shape = ctx.stride, ctx.padding
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        of_x, of_weight = None, None
        if ctx.needs_input_grad[0]:
            of_x = _of_input(gradient, x, weight, *shape)
        if ctx.needs_input_grad[1]:
            of_weight = _of_weight(gradient, x, weight, *shape)
        return of_x, of_weight, None, None


def _of_input(gradient: Tensor, x: Tensor, weight: Tensor, stride: Pair, padding: Pair) -> Tensor:
    """The input's gradient; at stride 1 it is a convolution with the kernel turned round."""
    rows, columns = weight.shape[2:]
    margin = rows - 1 - padding[0], columns - 1 - padding[1]
    if weight.shape[1] > NARROW or tuple(stride) != (1, 1) or min(margin) < 0:
        return _gradients(gradient, x, weight, stride, padding, (True, False))[0]
    return _forward(gradient, weight.flip(2, 3).transpose(0, 1), (1, 1), margin)


def _of_weight(gradient: Tensor, x: Tensor, weight: Tensor, stride: Pair, padding: Pair) -> Tensor:
    """The weight's gradient, from that of the wider kernel where pairs are taken."""
    if not _paired(weight, gradient.shape[3]):
        return _gradients(gradient, x, weight, stride, padding, (False, True))[1]
    few, step = len(weight), stride[1]
    batch, _, height, width = gradient.shape
    pairs = gradient.permute(0, 2, 3, 1).reshape(batch, height, width // 2, 2 * few)
    twice, wider = _twice(weight, step), (stride[0], 2 * step)
    both = _gradients(pairs.permute(0, 3, 1, 2), x, twice, wider, padding, (False, True))[1]
    return both[:few, ..., :-step] + both[few:, ..., step:]


def _gradients(
    gradient: Tensor,
    x: Tensor,
    weight: Tensor,
    stride: Pair,
    padding: Pair,
    wanted: tuple[bool, bool],
) -> tuple[Tensor, Tensor]:
    """PyTorch's gradients of input and weight."""
    of_x, of_weight, _ = torch.ops.aten.convolution_backward(
        gradient, x, weight, None, stride, padding, (1, 1), False, (0, 0), 1, (*wanted, False)
    )
    return of_x, of_weight


def _paired(weight: Tensor, width: int) -> bool:
    """Whether outputs of this width are computed in pairs."""
    return len(weight) <= NARROW and width % 2 == 0


def _twice(weight: Tensor, step: int) -> Tensor:
    """(D, C, h, w) to (2 D, C, h, w + step): the kernel, and the kernel moved by a step."""
    return torch.cat([F.pad(weight, (0, step)), F.pad(weight, (step, 0))])


def _forward(x: Tensor, weight: Tensor, stride: Pair, padding: Pair) -> Tensor:
    step = stride[1]
    width = (x.shape[3] + 2 * padding[1] - weight.shape[3]) // step + 1
    if not _paired(weight, width):
        return F.conv2d(x, weight, None, stride, padding)
    pairs = F.conv2d(x, _twice(weight, step), None, (stride[0], 2 * step), padding)
    return _apart(pairs.contiguous(memory_format=torch.channels_last))


def _apart(pairs: Tensor) -> Tensor:
    """The outputs of pairs of neighbours, (N, 2 D, H, W), as (N, D, H, 2 W): the same memory."""
    batch, channels, height, width = pairs.shape
    few, wide = channels // 2, 2 * width
    strides = (few * height * wide, 1, few * wide, few)
    storage = pairs.untyped_storage()
    # Not a view, which could not be changed by an in-place ReLU.
    return pairs.new_empty(0).set_(storage, 0, (batch, few, height, wide), strides)
