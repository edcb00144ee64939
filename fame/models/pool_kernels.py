"""Triton kernels of max pools over clips whose channels are last; imported only where used.

PyTorch pools such clips after a copy with channels first, and adds gradients by atomic additions,
whose order is not fixed. Here every output notes which place of its window it took, and every
input collects the gradients of the windows that took it, in one order.
"""

from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

_TILE = 1024
"""Values that a program writes."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"


class Window(NamedTuple):
    """A pool's windows; each value is over time, height and width.

    Attributes:
        kernel: sizes.
        stride: steps.
        before: zeros before the first value.
        after: zeros after the last one; what is beyond them takes no part.
    """

    kernel: tuple[int, int, int]
    stride: tuple[int, int, int]
    before: tuple[int, int, int]
    after: tuple[int, int, int]


@triton.jit
def _tile(count, channels, T, H, W, TALL: tl.constexpr, WIDE: tl.constexpr):
    """Clips, frames, rows and columns of a program's positions; their channels, places, if any."""
    across = tl.cdiv(channels, WIDE)
    number = tl.program_id(0) // across * TALL + tl.arange(0, TALL)
    channel = tl.program_id(0) % across * WIDE + tl.arange(0, WIDE)
    place = number.to(tl.int64)[:, None] * channels + channel[None, :]
    here = (number < count)[:, None] & (channel < channels)[None, :]
    clip, frame = number // W // H // T, number // W // H % T
    return clip, frame, number // W % H, number % W, channel, place, here


@triton.jit
def _pool_kernel(
    x, y, taken, count, channels, T, H, W, t, h, w,
    KT: tl.constexpr, KH: tl.constexpr, KW: tl.constexpr,
    ST: tl.constexpr, SH: tl.constexpr, SW: tl.constexpr,
    PT: tl.constexpr, PH: tl.constexpr, PW: tl.constexpr,
    ET: tl.constexpr, EH: tl.constexpr, EW: tl.constexpr,
    TALL: tl.constexpr, WIDE: tl.constexpr, SUM: tl.constexpr,
):  # fmt: skip
    """The greatest value of each window, the first of equals or a NaN, and its place."""
    clip, frame, row, column, channel, target, here = _tile(count, channels, t, h, w, TALL, WIDE)
    best = tl.full((TALL, WIDE), float("-inf"), SUM)
    place = tl.zeros((TALL, WIDE), tl.int32)
    for tap in tl.static_range(KT * KH * KW):
        at_t = frame * ST - PT + tap // (KH * KW)
        at_h = row * SH - PH + tap // KW % KH
        at_w = column * SW - PW + tap % KW
        padded = (at_t < T + ET) & (at_h < H + EH) & (at_w < W + EW)
        inside = (at_t >= 0) & (at_h >= 0) & (at_w >= 0) & (at_t < T) & (at_h < H) & (at_w < W)
        begins = (((clip * T + at_t).to(tl.int64) * H + at_h) * W + at_w) * channels
        source = x + begins[:, None] + channel[None, :]
        value = tl.load(source, mask=here & inside[:, None], other=0.0).to(SUM)
        value = tl.where(padded[:, None], value, float("-inf"))
        better = (value > best) | (value != value)
        best = tl.where(better, value, best)
        place = tl.where(better, tap, place)
    tl.store(y + target, best.to(y.dtype.element_ty), mask=here)
    tl.store(taken + target, place.to(tl.uint8), mask=here)


@triton.jit
def _gradient_kernel(
    gradient, taken, inner, count, channels, T, H, W, t, h, w,
    KT: tl.constexpr, KH: tl.constexpr, KW: tl.constexpr,
    ST: tl.constexpr, SH: tl.constexpr, SW: tl.constexpr,
    PT: tl.constexpr, PH: tl.constexpr, PW: tl.constexpr,
    ET: tl.constexpr, EH: tl.constexpr, EW: tl.constexpr,
    TALL: tl.constexpr, WIDE: tl.constexpr, SUM: tl.constexpr,
):  # fmt: skip
    """The sum of the gradients of all windows that took a value."""
    clip, frame, row, column, channel, target, here = _tile(count, channels, T, H, W, TALL, WIDE)
    total = tl.zeros((TALL, WIDE), SUM)
    for tap in tl.static_range(KT * KH * KW):
        # The window whose place `tap` is here, if it begins at a whole step.
        at_t = frame + PT - tap // (KH * KW)
        at_h = row + PH - tap // KW % KH
        at_w = column + PW - tap % KW
        whole = (at_t % ST == 0) & (at_h % SH == 0) & (at_w % SW == 0)
        whole = whole & (at_t >= 0) & (at_h >= 0) & (at_w >= 0)
        at_t, at_h, at_w = at_t // ST, at_h // SH, at_w // SW
        exists = whole & (at_t < t) & (at_h < h) & (at_w < w)
        begins = (((clip * t + at_t).to(tl.int64) * h + at_h) * w + at_w) * channels
        source = begins[:, None] + channel[None, :]
        valid = here & exists[:, None]
        place = tl.load(taken + source, mask=valid, other=255)
        # All are read, since vectors are read at once.
        given = tl.load(gradient + source, mask=valid, other=0.0).to(SUM)
        total += tl.where(place == tap, given, 0.0)
    tl.store(inner + target, total.to(inner.dtype.element_ty), mask=here)


def _launch(
    kernel, tensors: tuple[Tensor, ...], x: Tensor, y: Tensor, shape: torch.Size, window: Window
) -> None:
    """One program for each tile of the positions of `shape`, (B, C, T, H, W)."""
    batch, channels, *sizes = shape
    count = batch * sizes[0] * sizes[1] * sizes[2]
    wide = min(64, triton.next_power_of_2(channels))
    tall = _TILE // wide
    kernel[(triton.cdiv(count, tall) * triton.cdiv(channels, wide),)](
        *tensors, count, channels, *x.shape[2:], *y.shape[2:],
        *window.kernel, *window.stride, *window.before, *window.after,
        TALL=tall, WIDE=wide, SUM=tl.float64 if x.dtype == torch.float64 else tl.float32,
    )  # fmt: skip


def pool(x: Tensor, sizes: tuple[int, int, int], window: Window) -> tuple[Tensor, Tensor]:
    """The maxima of windows, and the place of each in its window.

    Args:
        x: (B, C, T, H, W), channels last in memory.
        sizes: of the result over time, height and width.
        window: of the pool, of at most 255 places.

    Returns:
        (B, C, *sizes) in x's dtype, and the same shape in uint8; channels last in memory.
    """
    y = x.new_empty((*x.shape[:2], *sizes)).to(memory_format=torch.channels_last_3d)
    taken = torch.empty_like(y, dtype=torch.uint8)
    _launch(_pool_kernel, (x, y, taken), x, y, y.shape, window)
    return y, taken


def gradient(given: Tensor, taken: Tensor, shape: torch.Size, window: Window) -> Tensor:
    """The gradient of a pool's input.

    Args:
        given: gradient of the output, channels last in memory.
        taken: of `pool`.
        shape: of the input.
        window: of the pool.
    """
    inner = given.new_empty(shape).to(memory_format=torch.channels_last_3d)
    _launch(_gradient_kernel, (given, taken, inner), inner, given, shape, window)
    return inner
