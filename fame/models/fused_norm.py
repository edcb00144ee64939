"""BatchNorm over groups, ReLU and a residual sum in one pass over memory, on a GPU.

PyTorch's BatchNorm reads each group by itself and writes the result before it is added or clipped:
three fifths of a training step of R(2+1)D-18 on an H200. Here all groups are normalised at once by
the kernels of `fused_kernels`, which are compiled by Triton. PyTorch's own operations stay the
reference, and compute wherever `ready` says no.
"""

import importlib.util
import os
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

LAST = torch.channels_last_3d


def interpreted() -> bool:
    """Whether Triton's interpreter computes, on the CPU: slow, for tests."""
    return os.environ.get("TRITON_INTERPRET") == "1"


@lru_cache
def installed() -> bool:
    """Whether there is a Triton; it is not imported, which would take seconds."""
    return importlib.util.find_spec("triton") is not None


def ready(device: torch.device) -> bool:
    """Whether the kernels can run on a device."""
    return installed() and (device.type == "cuda" or interpreted())


def triton_version() -> str:
    """The version of the Triton that is installed."""
    import triton

    return str(triton.__version__)


def fused_norm(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    groups: int,
    eps: float,
    relu: bool,
    residual: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Normalise each group by its own statistics, add a residual, clip at 0.

    Equals `batch_norm` over each group, then the sum, then `relu`, but for rounding: statistics are
    float32 (float64 for float64), and the result is rounded once, after the last operation.

    Args:
        x: (B, C, T, H, W), floating point; copied if its channels are not last in memory.
        weight: (K,), K at most C. Channels from K on get weight and bias 0.
        bias: (K,).
        groups: number of contiguous groups of samples; it divides B.
        eps: added to the variance.
        relu: whether to clip.
        residual: of x's shape, added before clipping; or None.

    Returns:
        (B, C, T, H, W) in x's dtype, channels last in memory; and each group's mean and biased
        variance, (groups, C) each, without gradients.
    """
    from fame.models import fused_kernels

    x = x.contiguous(memory_format=LAST)
    if residual is not None:
        residual = residual.contiguous(memory_format=LAST)
    with torch.no_grad():
        mean, variance, scale = fused_kernels.moments(x, groups, eps)
    normalised: Tensor = _Fused.apply(x, weight, bias, residual, mean, scale, relu)
    return normalised, mean, variance


class _Fused(torch.autograd.Function):
    """The normalised, summed and clipped input, where mean and scale are functions of x."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        residual: Tensor | None,
        mean: Tensor,
        scale: Tensor,
        relu: bool,
    ) -> Tensor:
        from fame.models import fused_kernels

        y = fused_kernels.apply(x, weight, bias, residual, mean, scale, relu)
        # The output is kept for its signs only where they cannot be had from the input.
        signs = y if relu and residual is not None else None
        ctx.save_for_backward(x, weight, bias, mean, scale, signs)
        ctx.relu, ctx.residual = relu, None if residual is None else residual.dtype
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        from fame.models import fused_kernels

        x, weight, bias, mean, scale, signs = ctx.saved_tensors
        inner, to_weight, to_bias, side = fused_kernels.gradients(
            gradient.contiguous(memory_format=LAST),
            signs, x, weight, bias, mean, scale, ctx.relu, ctx.residual,
        )  # fmt: skip
        return inner, to_weight, to_bias, side, None, None, None
