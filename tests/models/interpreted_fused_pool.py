"""The pools' kernels against PyTorch, through Triton's interpreter on the CPU.

`test_fused_norm.py` runs these tests in a process of their own.
"""

import pytest
import torch
import torch.nn.functional as F

from fame.models.blocks.inception import SamePool3d, same_padding, sides
from fame.models.fused_norm import interpreted
from fame.models.fused_pool import fused_pool

assert interpreted(), "run me by test_fused_norm.py"

POOLS = {
    ((1, 3, 3), (1, 2, 2)): (2, 3, 2, 6, 8),
    ((3, 3, 3), (2, 2, 2)): (1, 5, 5, 5, 7),  # sizes that the stride does not divide
    ((2, 2, 2), (2, 2, 2)): (2, 2, 3, 5, 4),  # windows that end beyond the map
    ((1, 3, 3), (2, 1, 1)): (1, 2, 4, 3, 3),  # steps longer than windows
    ((3, 3, 3), (1, 1, 1)): (1, 70, 2, 3, 2),  # channels of two programs
}
"""Kernels and strides, with shapes: I3D's pools."""


def reference(x, kernel, stride):
    return F.max_pool3d(F.pad(x, same_padding(kernel, stride)), kernel, stride, ceil_mode=True)


def ours_of(x, kernel, stride):
    return fused_pool(x, kernel, stride, *sides(same_padding(kernel, stride)))


def clips(shape, dtype=torch.float64):
    """After a ReLU, so with many equal zeros."""
    torch.manual_seed(0)
    x = torch.randn(shape).relu().to(dtype)
    return x.contiguous(memory_format=torch.channels_last_3d).requires_grad_()


@pytest.mark.parametrize(("windows", "shape"), POOLS.items(), ids=str)
def test_maxima_and_gradients_are_those_of_pytorch(windows, shape):
    kernel, stride = windows
    x = clips(shape)
    expected = reference(x, kernel, stride)
    pooled = ours_of(x, kernel, stride)
    assert torch.equal(pooled, expected)
    assert pooled.is_contiguous(memory_format=torch.channels_last_3d)
    factors = torch.randn_like(expected)
    ours, theirs = (torch.autograd.grad(y, x, factors)[0] for y in (pooled, expected))
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
def test_in_every_precision(dtype):
    kernel, stride = (3, 3, 3), (1, 1, 1)
    x = clips((1, 4, 3, 4, 5), dtype)
    expected, pooled = reference(x, kernel, stride), ours_of(x, kernel, stride)
    assert pooled.dtype == dtype
    assert torch.equal(pooled, expected)
    factors = torch.randn(expected.shape).to(dtype)
    ours = torch.autograd.grad(pooled, x, factors)[0]
    # Sums of up to 27 gradients, rounded once here.
    exact = x.detach().double().requires_grad_()
    theirs = torch.autograd.grad(reference(exact, kernel, stride), exact, factors.double())[0]
    torch.testing.assert_close(ours.double(), theirs, rtol=2 * torch.finfo(dtype).eps, atol=1e-6)


def test_nan_is_not_hidden():
    x = torch.zeros(1, 1, 2, 4, 4)
    x[0, 0, 0, 1, 1] = float("nan")
    pooled = ours_of(x, (1, 3, 3), (1, 2, 2))
    assert torch.equal(pooled.isnan(), reference(x, (1, 3, 3), (1, 2, 2)).isnan())


def test_a_layout_with_channels_first_is_copied():
    x = torch.rand(1, 2, 2, 4, 4)
    pooled = ours_of(x, (2, 2, 2), (2, 2, 2))
    assert torch.equal(pooled, F.max_pool3d(x, 2))


def test_the_layer_uses_it_in_training_only():
    layer, x = SamePool3d((3, 3, 3), (2, 2, 2)), torch.rand(1, 2, 4, 4, 4)
    expected = layer(x)
    layer.fused = True
    name = "_PoolBackward"
    assert layer(x.requires_grad_()).grad_fn.name() == name
    assert torch.equal(layer(x), expected)
    assert layer.eval()(x).grad_fn.name() != name
