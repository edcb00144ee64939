"""The fused kernels against the eager operations, through Triton's interpreter on the CPU.

Triton decides at its import whether it interprets, so `test_fused_norm.py` runs these tests in a
process of their own.
"""

import pytest
import torch
import torch.nn.functional as F

from fame.models import fused_kernels
from fame.models.fused_norm import fused_norm, interpreted

assert interpreted(), "run me by test_fused_norm.py"

SHAPES = {
    (4, 8, 2, 3, 5): 2,
    (3, 5, 3, 7, 3): 3,  # channels that fill no vector, rows that fill no tile
    (2, 1, 1, 2, 3): 1,
    (2, 40, 1, 3, 3): 2,  # two programs side by side
    (2, 3, 11, 17, 9): 1,  # several blocks of rows
}
"""Shapes, and their numbers of groups."""

PRECISIONS = {torch.float64: 1e-10, torch.float32: 1e-4, torch.float16: 4e-3, torch.bfloat16: 3e-2}


def drawn(shape, dtype, known=None):
    torch.manual_seed(0)
    x = (3 * torch.randn(shape) + 2).to(dtype)
    wide = torch.float64 if dtype == torch.float64 else torch.float32
    weight, bias = (torch.randn(known or shape[1], dtype=wide) for _ in range(2))
    residual, factors = (torch.randn(shape).to(dtype) for _ in range(2))
    return x, weight, bias, residual, factors


def reference(x, weight, bias, groups, relu, residual):
    """PyTorch's operations, group by group."""
    parts = [F.batch_norm(part, None, None, weight, bias, True) for part in x.chunk(groups)]
    y = torch.cat(parts)
    y = y if residual is None else y + residual
    return F.relu(y) if relu else y


def with_gradients(operation, inputs, factors, dtype=None):
    """An operation's output and gradients; as `dtype`, computed in that dtype."""
    inputs = [None if x is None else x.detach().to(dtype or x.dtype) for x in inputs]
    given = [x.requires_grad_() for x in inputs if x is not None]
    y = operation(*inputs)
    return y, *torch.autograd.grad(y, given, factors.to(y.dtype))


WAYS = [(True, True), (True, False), (False, True), (False, False)]
"""Whether to clip, and whether to add."""

CASES = [(shape, torch.float64, *way) for shape in SHAPES for way in WAYS[:2]]
CASES += [((2, 5, 2, 3, 5), dtype, *way) for dtype in PRECISIONS for way in WAYS]


@pytest.mark.parametrize(("shape", "dtype", "relu", "adds"), CASES, ids=str)
def test_output_and_gradients_equal_the_eager_ones_in_float64(shape, dtype, relu, adds):
    groups = SHAPES.get(shape, 2)
    x, weight, bias, residual, factors = drawn(shape, dtype)
    inputs = (x, weight, bias, residual if adds else None)

    def eager(x, weight, bias, residual):
        return reference(x, weight, bias, groups, relu, residual)

    def fused(x, weight, bias, residual):
        y, mean, variance = fused_norm(x, weight, bias, groups, 1e-5, relu, residual)
        parts = x.detach().to(mean.dtype).unflatten(0, (groups, -1))
        axes = (1, 3, 4, 5)
        torch.testing.assert_close(mean, parts.mean(axes), rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(variance, parts.var(axes, correction=0), rtol=1e-5, atol=1e-5)
        return y

    ours = with_gradients(fused, inputs, factors)
    theirs = with_gradients(eager, inputs, factors, torch.float64)
    assert ours[0].dtype == dtype and ours[1].dtype == dtype
    assert ours[0].is_contiguous(memory_format=torch.channels_last_3d)
    for got, expected in zip(ours, theirs, strict=True):
        error = (got.double() - expected).norm() / expected.norm().clamp(min=1e-3)
        assert error < PRECISIONS[dtype]
    if dtype == torch.float64:
        for got, expected in zip(ours, theirs, strict=True):
            torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("relu", [False, True])
def test_the_gradient_is_the_derivative(relu):
    x, weight, bias, residual, _ = drawn((2, 2, 1, 3, 1), torch.float64)
    inputs = [value.requires_grad_() for value in (x, weight, bias, residual)]

    def output(x, weight, bias, residual):
        return fused_norm(x, weight, bias, 2, 1e-5, relu, residual)[0]

    assert torch.autograd.gradcheck(output, inputs, fast_mode=True)
    alone = inputs[:3]
    assert torch.autograd.gradcheck(lambda *given: output(*given, None), alone, fast_mode=True)


def strided(x):
    """The same values, every second of a larger memory, with no layout that PyTorch names."""
    memory = torch.zeros(*x.shape[:-1], 2 * x.shape[-1], dtype=x.dtype)
    memory[..., ::2] = x
    return memory[..., ::2]


@pytest.mark.parametrize("layout", [torch.Tensor.contiguous, strided, lambda x: x.flip(4).flip(4)])
def test_any_layout_of_any_input_and_gradient(layout):
    x, weight, bias, residual, factors = drawn((4, 3, 2, 3, 5), torch.float64)
    y, *theirs = with_gradients(
        lambda *inputs: reference(*inputs[:3], 2, True, inputs[3]),
        (x, weight, bias, residual),
        factors,
    )
    leaves = [value.requires_grad_() for value in (x, weight, bias, residual)]
    got, *_ = fused_norm(layout(leaves[0]), weight, bias, 2, 1e-5, True, layout(leaves[3]))
    ours = torch.autograd.grad(got, leaves, layout(factors))
    for left, right in zip((got, *ours), (y, *theirs), strict=True):
        torch.testing.assert_close(left, right, rtol=1e-9, atol=1e-9)


def test_a_mean_of_a_broadcast_gradient():
    """What follows an encoder's last layer: a gradient of stride 0."""
    x, weight, bias, _, _ = drawn((2, 3, 2, 3, 5), torch.float64)
    ours, theirs = (
        with_gradients(
            lambda *inputs, make=make: make(*inputs).mean((2, 3, 4)),
            (x, weight, bias),
            torch.ones(2, 3),
        )
        for make in (
            lambda *inputs: fused_norm(*inputs, 1, 1e-5, True)[0],
            lambda *inputs: reference(*inputs, 1, True, None),
        )
    )
    for got, expected in zip(ours, theirs, strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-9)


def test_channels_without_a_weight_give_zero_and_change_nothing():
    x, weight, bias, _, factors = drawn((2, 5, 2, 3, 5), torch.float64)
    wide = F.pad(x, (0, 0, 0, 0, 0, 0, 0, 3))

    def fused(x, weight, bias):
        return fused_norm(x, weight, bias, 1, 1e-5, True)[0]

    narrow = with_gradients(fused, (x, weight, bias), factors)
    more = torch.cat([factors, torch.ones(2, 3, 2, 3, 5)], 1)
    padded = with_gradients(fused, (wide, weight, bias), more)
    assert padded[0][:, 5:].eq(0).all() and padded[1][:, 5:].eq(0).all()
    for got, expected in zip(padded, narrow, strict=True):
        known = got[:, :5] if got.dim() == 5 else got
        torch.testing.assert_close(known, expected, rtol=1e-12, atol=1e-12)


def test_values_far_from_zero_keep_their_digits():
    """A variance by E[x^2] - E[x]^2 in float32 would lose all of them."""
    torch.manual_seed(0)
    x = 1000 + 0.01 * torch.randn(2, 3, 4, 8, 8)
    _, mean, variance = fused_norm(x, torch.ones(3), torch.zeros(3), 1, 1e-5, True)
    exact = x.double().var((0, 2, 3, 4), correction=0)
    # Means of blocks are rounded to 6e-5 there, 0.6 % of the standard deviation.
    torch.testing.assert_close(variance[0].double(), exact, rtol=5e-4, atol=0)
    torch.testing.assert_close(mean[0].double(), x.double().mean((0, 2, 3, 4)), rtol=1e-6, atol=0)


@pytest.mark.parametrize("residual", [None, torch.zeros(2, 3, 1, 2, 2)])
def test_nan_is_not_clipped_away(residual):
    x = torch.zeros(2, 3, 1, 2, 2)
    x[0, 1] = float("nan")
    y, *_ = fused_norm(x, torch.ones(3), torch.zeros(3), 1, 1e-5, True, residual)
    assert y[:, 1].isnan().all() and not y[:, ::2].isnan().any()


def test_sums_repeat_bit_for_bit_and_waste_few_channels():
    x, weight, bias, _, factors = drawn((4, 40, 2, 3, 5), torch.float32)

    def fused(x, weight, bias):
        return fused_norm(x, weight, bias, 2, 1e-5, True)[0]

    first, again = (with_gradients(fused, (x, weight, bias), factors) for _ in range(2))
    assert all(torch.equal(*pair) for pair in zip(first, again, strict=True))
    widths = {45: 64, 64: 64, 144: 32, 230: 128, 460: 32, 576: 64, 921: 32, 1152: 128, 5: 8}
    assert {channels: fused_kernels.width(channels) for channels in widths} == widths
