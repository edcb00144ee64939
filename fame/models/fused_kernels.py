"""Triton kernels of BatchNorm over groups, with ReLU and a residual sum; imported only where used.

Memory is seen as (groups, rows, channels): clips whose channels are last, whose positions are rows.
Every sum has a fixed order, without atomic additions, so results repeat bit for bit. Sums are taken
in float32, of float64 inputs in float64. Where numbers of channels are given twice, `known` are
those with a weight; the rest pad the tensor, and weigh nothing.
"""

import math

import torch
import triton
import triton.language as tl
from torch import Tensor

_TILE = 2048
"""Values that a program reads at once."""

_PROGRAMS = 1056
"""Programs of a sum, eight for each multiprocessor of a large GPU, where there are enough rows.

A constant, so that sums have one order on all GPUs.
"""

_MOMENTS = {"tile": 1024, "programs": 2112}
"""Of the first sums: 14 ms of a step of R(2+1)D-18 on an H200, where those above took 16."""

_JOINED = {"MANY": 128, "WIDE": 32}
"""Blocks and channels that are joined at once."""

_VECTOR = 16
"""Values of a row that are read at once, at most; a row begins at a multiple of this, if it can."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"


@triton.jit
def _tile(span, rows, channels, WIDE: tl.constexpr):
    """A program's group, its block of rows with beginning and end, its channels, the group's row 0.

    Programs that start together read neighbouring channels of the same rows, which lie side by side
    in memory: in a step of R(2+1)D-18 on an H200 `_apply_kernel` went from 28 to 21 ms by it.
    """
    across = tl.cdiv(channels, WIDE)
    group, block = tl.program_id(1), tl.program_id(0) // across
    start = block * span
    end = tl.minimum(start + span, rows)
    column = tl.program_id(0) % across * WIDE + tl.arange(0, WIDE)
    return group, block, start, end, column, group.to(tl.int64) * rows


@triton.jit
def _places(first, row, column, channels, ALIGNED: tl.constexpr):
    """Where rows begin in memory; the compiler is told how they are aligned, to read in vectors."""
    begins = tl.multiple_of((first + row) * channels, ALIGNED)
    return begins[:, None] + column[None, :]


@triton.jit
def _moments_kernel(
    x, means, squares, rows, channels, span, blocks,
    TALL: tl.constexpr, WIDE: tl.constexpr, ALIGNED: tl.constexpr, SUM: tl.constexpr,
):  # fmt: skip
    """Mean, and sum of squared distances from it, of each block of rows and channel."""
    group, block, start, end, column, first = _tile(span, rows, channels, WIDE)
    row = tl.arange(0, TALL)
    # Sums of distances from a first estimate: sums of squares of the values would lose digits.
    inside = ((start + row) < end)[:, None] & (column < channels)[None, :]
    place = _places(first, start + row, column, channels, ALIGNED)
    head = tl.load(x + place, mask=inside, other=0.0).to(SUM)
    pivot = tl.sum(head, 0) / tl.minimum(end - start, TALL)
    total = tl.zeros((TALL, WIDE), SUM)
    square = tl.zeros((TALL, WIDE), SUM)
    for begin in range(start, end, TALL):
        inside = ((begin + row) < end)[:, None] & (column < channels)[None, :]
        place = _places(first, begin + row, column, channels, ALIGNED)
        value = tl.load(x + place, mask=inside, other=0.0).to(SUM)
        distance = tl.where(inside, value - pivot[None, :], 0.0)
        total += distance
        square += distance * distance
    number = (end - start).to(SUM)
    sums = tl.sum(total, 0)
    out = (group * blocks + block) * channels + column
    tl.store(means + out, pivot + sums / number, mask=column < channels)
    tl.store(squares + out, tl.sum(square, 0) - sums * sums / number, mask=column < channels)


@triton.jit
def _block(begin, group, column, rows, channels, span, blocks, MANY: tl.constexpr):
    """Where some blocks' sums are, whether they are, and how many rows each block has."""
    block = begin + tl.arange(0, MANY)
    inside = (block < blocks)[:, None] & (column < channels)[None, :]
    place = (group * blocks + block)[:, None] * channels + column[None, :]
    held = tl.where(block < blocks, tl.minimum(span, rows - block * span), 0)
    return place, inside, held[:, None]


@triton.jit
def _join_kernel(
    means, squares, mean, variance, scale, eps, rows, channels, span, blocks,
    MANY: tl.constexpr, WIDE: tl.constexpr, SUM: tl.constexpr,
):  # fmt: skip
    """A group's mean, biased variance and 1 / sqrt(variance + eps), from those of its blocks."""
    group = tl.program_id(0)
    column = tl.program_id(1) * WIDE + tl.arange(0, WIDE)
    # Sums of distances from the first block's mean keep the digits of large means.
    first = tl.load(means + group * blocks * channels + column, mask=column < channels, other=0.0)
    total, square = tl.zeros((MANY, WIDE), SUM), tl.zeros((MANY, WIDE), SUM)
    for begin in range(0, blocks, MANY):
        place, inside, number = _block(begin, group, column, rows, channels, span, blocks, MANY)
        apart = tl.load(means + place, mask=inside, other=0.0) - first[None, :]
        total += tl.where(inside, apart, 0.0) * number.to(SUM)
    whole = first + tl.sum(total, 0) / rows
    for begin in range(0, blocks, MANY):
        place, inside, number = _block(begin, group, column, rows, channels, span, blocks, MANY)
        apart = tl.load(means + place, mask=inside, other=0.0) - whole[None, :]
        apart = tl.where(inside, apart, 0.0)
        square += tl.load(squares + place, mask=inside, other=0.0)
        square += number.to(SUM) * apart * apart
    spread = tl.maximum(tl.sum(square, 0), 0.0) / rows
    out = group * channels + column
    tl.store(mean + out, whole, mask=column < channels)
    tl.store(variance + out, spread, mask=column < channels)
    tl.store(scale + out, 1.0 / tl.sqrt(spread + eps), mask=column < channels)


@triton.jit
def _coefficients(mean, scale, weight, bias, group, column, channels, known, SUM: tl.constexpr):
    """Mean, scale, weight and bias of a program's channels."""
    here, weighs = column < channels, column < known
    centre = tl.load(mean + group * channels + column, mask=here, other=0.0).to(SUM)
    factor = tl.load(scale + group * channels + column, mask=here, other=0.0).to(SUM)
    slope = tl.load(weight + column, mask=weighs, other=0.0).to(SUM)
    shift = tl.load(bias + column, mask=weighs, other=0.0).to(SUM)
    return centre[None, :], factor[None, :], slope[None, :], shift[None, :]


@triton.jit
def _apply_kernel(
    x, residual, y, mean, scale, weight, bias, rows, channels, known,
    RELU: tl.constexpr, ADDS: tl.constexpr,
    TALL: tl.constexpr, WIDE: tl.constexpr, ALIGNED: tl.constexpr, SUM: tl.constexpr,
):  # fmt: skip
    """Normalise one tile, add the residual, clip."""
    group, _, start, end, column, first = _tile(TALL, rows, channels, WIDE)
    row = start + tl.arange(0, TALL)
    inside = (row < end)[:, None] & (column < channels)[None, :]
    place = _places(first, row, column, channels, ALIGNED)
    centre, factor, slope, shift = _coefficients(
        mean, scale, weight, bias, group, column, channels, known, SUM
    )
    value = tl.load(x + place, mask=inside, other=0.0).to(SUM)
    value = (value - centre) * (factor * slope) + shift
    if ADDS:
        value += tl.load(residual + place, mask=inside, other=0.0).to(SUM)
    if RELU:
        # Not maximum(), which would turn NaN into 0 and hide a diverged training.
        value = tl.where(value < 0, 0.0, value)
    tl.store(y + place, value.to(y.dtype.element_ty), mask=inside)


@triton.jit
def _clipped(
    gradient, y, x, place, inside, centre, factor, slope, shift,
    RELU: tl.constexpr, ADDS: tl.constexpr, SUM: tl.constexpr,
):  # fmt: skip
    """The gradient before the ReLU, and the normalised input."""
    given = tl.load(gradient + place, mask=inside, other=0.0).to(SUM)
    value = tl.load(x + place, mask=inside, other=0.0).to(SUM)
    apart = value - centre
    if RELU:
        if ADDS:
            clip = tl.load(y + place, mask=inside, other=0.0).to(SUM)
        else:  # computing it again is cheaper than reading it
            clip = apart * (factor * slope) + shift
        given = tl.where(clip > 0, given, 0.0)
    return given, tl.where(inside, apart * factor, 0.0)


@triton.jit
def _slopes_kernel(
    gradient, y, x, totals, products, mean, scale, weight, bias,
    rows, channels, known, span, blocks,
    RELU: tl.constexpr, ADDS: tl.constexpr,
    TALL: tl.constexpr, WIDE: tl.constexpr, ALIGNED: tl.constexpr, SUM: tl.constexpr,
):  # fmt: skip
    """Sums of each block: of the gradient, and of the gradient times the normalised input."""
    group, block, start, end, column, first = _tile(span, rows, channels, WIDE)
    centre, factor, slope, shift = _coefficients(
        mean, scale, weight, bias, group, column, channels, known, SUM
    )
    row = tl.arange(0, TALL)
    total = tl.zeros((TALL, WIDE), SUM)
    product = tl.zeros((TALL, WIDE), SUM)
    for begin in range(start, end, TALL):
        inside = ((begin + row) < end)[:, None] & (column < channels)[None, :]
        place = _places(first, begin + row, column, channels, ALIGNED)
        given, normal = _clipped(
            gradient, y, x, place, inside, centre, factor, slope, shift, RELU, ADDS, SUM
        )
        total += given
        product += given * normal
    out = (group * blocks + block) * channels + column
    tl.store(totals + out, tl.sum(total, 0), mask=column < channels)
    tl.store(products + out, tl.sum(product, 0), mask=column < channels)


@triton.jit
def _input_kernel(
    gradient, y, x, inner, side, totals, products, mean, scale, weight, bias,
    rows, channels, known,
    RELU: tl.constexpr, ADDS: tl.constexpr,
    TALL: tl.constexpr, WIDE: tl.constexpr, ALIGNED: tl.constexpr, SUM: tl.constexpr,
):  # fmt: skip
    """One tile of the gradients of the input and of the residual."""
    group, _, start, end, column, first = _tile(TALL, rows, channels, WIDE)
    row = start + tl.arange(0, TALL)
    inside = (row < end)[:, None] & (column < channels)[None, :]
    place = _places(first, row, column, channels, ALIGNED)
    centre, factor, slope, shift = _coefficients(
        mean, scale, weight, bias, group, column, channels, known, SUM
    )
    given, normal = _clipped(
        gradient, y, x, place, inside, centre, factor, slope, shift, RELU, ADDS, SUM
    )
    here = column < channels
    total = tl.load(totals + group * channels + column, mask=here, other=0.0)[None, :]
    product = tl.load(products + group * channels + column, mask=here, other=0.0)[None, :]
    result = slope * factor * (given - total / rows - normal * (product / rows))
    tl.store(inner + place, result.to(inner.dtype.element_ty), mask=inside)
    if ADDS:
        tl.store(side + place, given.to(side.dtype.element_ty), mask=inside)


class Grid:
    """How a tensor is cut into programs.

    Args:
        x: (B, C, T, H, W), channels last in memory.
        groups: contiguous groups of samples; they divide B.
        tile: values that a program reads at once.
        programs: of a sum, at most.
    """

    def __init__(
        self, x: Tensor, groups: int, tile: int = _TILE, programs: int = _PROGRAMS
    ) -> None:
        self.groups, self.channels = groups, x.shape[1]
        self.rows = x.numel() // (groups * self.channels)
        self.wide = width(self.channels)
        self.tall = max(tile // self.wide, 1)
        across = triton.cdiv(self.channels, self.wide)
        wanted = triton.cdiv(programs, groups * across)
        tiles = triton.cdiv(triton.cdiv(self.rows, wanted), self.tall)
        self.span = tiles * self.tall
        self.blocks = triton.cdiv(self.rows, self.span)
        self.sums = (across * self.blocks, groups)
        self.tiles = (across * triton.cdiv(self.rows, self.tall), groups)
        self.double = x.dtype == torch.float64
        self.options = {
            "TALL": self.tall,
            "WIDE": self.wide,
            "ALIGNED": math.gcd(self.channels, _VECTOR),
            "SUM": tl.float64 if self.double else tl.float32,
        }

    def empty(self, x: Tensor, *shape: int) -> Tensor:
        """A tensor for sums."""
        return x.new_empty(shape, dtype=torch.float64 if self.double else torch.float32)


def width(channels: int) -> int:
    """Channels that a program reads: a power of 2 that wastes little of the last program."""
    widths = [width for width in (128, 64, 32) if width < 2 * channels]
    if not widths:
        return int(triton.next_power_of_2(channels))
    return min(widths, key=lambda width: -(-channels // width) * width)


def moments(x: Tensor, groups: int, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """Mean, biased variance and 1 / sqrt(variance + eps) of each group, (groups, C) each."""
    grid = Grid(x, groups, **_MOMENTS)
    means, squares = (grid.empty(x, groups, grid.blocks, grid.channels) for _ in range(2))
    _moments_kernel[grid.sums](
        x, means, squares, grid.rows, grid.channels, grid.span, grid.blocks, **grid.options
    )
    mean, variance, scale = (grid.empty(x, groups, grid.channels) for _ in range(3))
    _join_kernel[groups, triton.cdiv(grid.channels, _JOINED["WIDE"])](
        means, squares, mean, variance, scale, eps,
        grid.rows, grid.channels, grid.span, grid.blocks, **_JOINED, SUM=grid.options["SUM"],
    )  # fmt: skip
    return mean, variance, scale


def apply(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    residual: Tensor | None,
    mean: Tensor,
    scale: Tensor,
    relu: bool,
) -> Tensor:
    """Normalise by given statistics, (groups, C); add the residual; clip."""
    grid, y = Grid(x, len(mean)), torch.empty_like(x)
    _apply_kernel[grid.tiles](
        x, x if residual is None else residual, y, mean, scale, weight, bias,
        grid.rows, grid.channels, len(weight),
        RELU=relu, ADDS=residual is not None, **grid.options,
    )  # fmt: skip
    return y


def gradients(
    gradient: Tensor,
    y: Tensor | None,
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    mean: Tensor,
    scale: Tensor,
    relu: bool,
    residual: torch.dtype | None,
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """Gradients of input, weight, bias and residual.

    Args:
        gradient: of the output, channels last.
        y: the output; needed only with a residual.
        x: the input of `apply`, as the next five.
        weight: of `apply`.
        bias: of `apply`.
        mean: of `apply`.
        scale: of `apply`.
        relu: of `apply`.
        residual: its dtype, or None without one.
    """
    grid, adds = Grid(x, len(mean)), residual is not None
    inner = torch.empty_like(x)
    side = torch.empty_like(x, dtype=residual) if adds else None
    output = x if y is None else y
    shape, known = (grid.rows, grid.channels, len(weight)), len(weight)
    parts = grid.empty(x, 2, grid.groups, grid.blocks, grid.channels)
    _slopes_kernel[grid.sums](
        gradient, output, x, parts[0], parts[1], mean, scale, weight, bias,
        *shape, grid.span, grid.blocks, RELU=relu, ADDS=adds, **grid.options,
    )  # fmt: skip
    sums = parts.sum(2)
    _input_kernel[grid.tiles](
        gradient, output, x, inner, inner if side is None else side, sums[0], sums[1],
        mean, scale, weight, bias, *shape, RELU=relu, ADDS=adds, **grid.options,
    )  # fmt: skip
    totals, products = sums.sum(1)[:, :known].to(weight.dtype)
    return inner, products, totals, side
