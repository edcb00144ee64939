"""BatchNorm in training over few channels that are last in memory, on a CPU.

PyTorch's kernel reads one position at a time, and 8 or 16 channels fill a vector unit badly. Here
several positions count as one with more channels.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

NARROW = 64
"""Channels that fill a vector unit; with more, PyTorch's kernel is as fast."""

WORTHWHILE = 2**18
"""Values above which the gain exceeds the cost of more calls."""

_ROW = 256
"""Channels of a row of positions, at most."""


def suits(x: Tensor, weight: Tensor | None) -> bool:
    """Whether `narrow_norm` takes this input and is faster than `batch_norm`."""
    return (
        x.device.type == "cpu"
        and x.dim() == 5
        and weight is not None
        and x.dtype == weight.dtype
        and x.shape[1] <= NARROW
        and x.numel() > WORTHWHILE
        and x.is_contiguous(memory_format=torch.channels_last_3d)
    )


def narrow_norm(
    x: Tensor, weight: Tensor, bias: Tensor, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Normalise by the batch's own statistics; equals `batch_norm` but for rounding.

    Args:
        x: (B, C, T, H, W), channels last in memory, on the CPU.
        weight: (C,), of the same dtype.
        bias: (C,).
        eps: added to the variance.

    Returns:
        (B, C, T, H, W), channels last in memory, and the mean and the biased variance, (C,) each.
    """
    mean, variance = _statistics(x)
    normalised: Tensor = _Normalise.apply(x, weight, bias, mean, torch.rsqrt(variance + eps))
    return normalised, mean, variance


@torch.no_grad()
def _statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and biased variance of each channel, from those of a row's positions."""
    rows, channels = _rows(x), x.shape[1]
    means, variances = torch.batch_norm_update_stats(rows, None, None, 0.0)
    means, variances = means.view(-1, channels), variances.view(-1, channels)
    return means.mean(0), variances.mean(0) + means.var(0, correction=0)


class _Normalise(torch.autograd.Function):
    """(x - mean) * scale * weight + bias, where mean and scale are functions of x."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, mean: Tensor, scale: Tensor
    ) -> Tensor:
        ctx.save_for_backward(x, weight, mean, scale)
        factor = weight * scale
        return _affine(x, factor, bias - mean * factor)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, mean, scale = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last_3d)
        total, product = _sums(gradient, x, mean)
        count = x.numel() // x.shape[1]
        slope = product * scale.square() / count
        factor = weight * scale
        inner = _affine(x, -factor * slope, factor * (mean * slope - total / count))
        _rows(inner).addcmul_(_rows(gradient), _repeated(factor, x))
        return inner, product * scale, total, None, None


def _sums(gradient: Tensor, x: Tensor, mean: Tensor) -> tuple[Tensor, Tensor]:
    """Sums over each channel of the gradient, and of the gradient times (x - mean)."""
    rows, channels = _rows(x), x.shape[1]
    ones = x.new_ones(rows.shape[1])
    # In evaluation mode, with variance 1, the gradients of bias and weight are these sums.
    _, products, totals = torch.ops.aten.native_batch_norm_backward(
        _rows(gradient), rows, ones, _repeated(mean, x), ones, None, None, False, 0.0,
        (False, True, True),
    )  # fmt: skip
    return totals.view(-1, channels).sum(0), products.view(-1, channels).sum(0)


def _affine(x: Tensor, factor: Tensor, shift: Tensor) -> Tensor:
    """Scale, then shift, channel by channel."""
    scaled = torch.empty_like(x)  # a view of a matrix could not be changed by an in-place ReLU
    torch.addcmul(_repeated(shift, x), _rows(x), _repeated(factor, x), out=_rows(scaled))
    return scaled


def _positions(x: Tensor) -> int:
    """How many positions make a row: a power of 2 that divides their number."""
    channels = x.shape[1]
    positions = x.numel() // channels
    together = 1
    while 2 * together * channels <= _ROW and positions % (2 * together) == 0:
        together *= 2
    return together


def _rows(x: Tensor) -> Tensor:
    """The same memory as a matrix of rows of positions."""
    return x.permute(0, 2, 3, 4, 1).view(-1, _positions(x) * x.shape[1])


def _repeated(values: Tensor, x: Tensor) -> Tensor:
    """Values of each channel, for each position of a row."""
    return values.repeat(_positions(x))
