"""Convolutions to and from few channels against PyTorch's."""

import pytest
import torch
import torch.nn.functional as F

from fame.models import narrow_conv
from fame.models.flat_conv import FlatConv3d

CASES = {
    "to few": ((4, 3, 12, 12), (8, 3, 7, 7), (2, 2), (3, 3)),
    "from few": ((4, 8, 6, 6), (16, 8, 3, 3), (1, 1), (1, 1)),
    "to and from few": ((2, 5, 7, 9), (3, 5, 3, 2), (1, 1), (0, 0)),
    "odd width": ((2, 5, 6, 5), (3, 5, 3, 3), (1, 1), (1, 1)),
    "from few, strided": ((2, 8, 8, 8), (32, 8, 3, 3), (2, 2), (1, 1)),
    "padded beyond the kernel": ((2, 4, 5, 4), (4, 4, 1, 1), (1, 1), (1, 1)),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize(
    ("dtype", "precision"), [(torch.float64, 1e-11), (torch.float32, 1e-4)], ids=str
)
def test_output_and_gradients_equal_conv2d(case, dtype, precision):
    torch.manual_seed(0)
    shape, kernel, stride, padding = case
    x = torch.randn(shape, dtype=dtype).contiguous(memory_format=torch.channels_last)
    x.requires_grad_()
    weight = torch.randn(kernel, dtype=dtype, requires_grad=True)
    plain = F.conv2d(x, weight, None, stride, padding)
    narrow = narrow_conv.narrow_conv(x, weight, stride, padding)
    factors = torch.randn_like(plain)
    for got, expected in zip(
        (narrow, *torch.autograd.grad(narrow, (x, weight), factors)),
        (plain, *torch.autograd.grad(plain, (x, weight), factors)),
        strict=True,
    ):
        torch.testing.assert_close(got, expected, rtol=precision, atol=precision)
    assert narrow.is_contiguous(memory_format=torch.channels_last)
    narrow.relu_()  # a view could not be changed


def test_an_input_without_gradient_gets_none():
    x = torch.randn(2, 3, 8, 8).contiguous(memory_format=torch.channels_last)
    weight = torch.randn(8, 3, 3, 3, requires_grad=True)
    narrow_conv.narrow_conv(x, weight, (1, 1), (1, 1)).sum().backward()
    expected = torch.autograd.grad(F.conv2d(x, weight, padding=1).sum(), weight)[0]
    torch.testing.assert_close(weight.grad, expected, rtol=1e-4, atol=1e-4)


def test_it_suits_large_float32_inputs_with_few_channels_last():
    x = torch.zeros(130, 8, 16, 16).contiguous(memory_format=torch.channels_last)
    weight = torch.ones(16, 8, 3, 3)
    assert narrow_conv.suits(x, weight, None)
    assert not narrow_conv.suits(x, weight, torch.zeros(16))
    assert not narrow_conv.suits(x[:8], weight, None)
    assert not narrow_conv.suits(x.contiguous(), weight, None)
    assert not narrow_conv.suits(x.double(), weight.double(), None)
    assert not narrow_conv.suits(x.to("meta"), weight, None)
    assert not narrow_conv.suits(x, torch.ones(16, 16, 3, 3), None)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert not narrow_conv.suits(x, weight, None)


def test_a_flat_convolution_uses_it(monkeypatch):
    torch.manual_seed(0)
    layer = FlatConv3d(3, 8, (1, 7, 7), (1, 2, 2), (0, 3, 3), bias=False)
    x = torch.randn(2, 3, 3, 8, 8).contiguous(memory_format=torch.channels_last_3d)
    plain = layer(x)
    monkeypatch.setattr(narrow_conv, "WORTHWHILE", 0)
    narrow = layer(x)
    assert "_Convolve" in str(narrow.grad_fn.next_functions[0][0].next_functions)
    torch.testing.assert_close(narrow, plain, rtol=1e-4, atol=1e-5)
    assert narrow.is_contiguous(memory_format=torch.channels_last_3d)
