"""BatchNorm over few channels against PyTorch's."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from fame.models import build_encoder, narrow_norm
from fame.models.backbones.r2plus1d import R2Plus1DSettings
from fame.models.group_batchnorm import convert

SHAPES = [(4, 8, 3, 4, 4), (2, 3, 5, 7, 3), (3, 12, 1, 2, 5), (2, 56, 2, 4, 4), (1, 1, 1, 1, 2)]
"""Rows of 32, 2, 2 and 4 positions, and one channel."""


def channels_last(*shape, dtype):
    x = 3 * torch.randn(shape, dtype=dtype) + 2
    return x.contiguous(memory_format=torch.channels_last_3d).requires_grad_()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("dtype", "precision"), [(torch.float64, 1e-10), (torch.float32, 1e-4)], ids=str
)
def test_output_and_gradients_equal_batch_norm(shape, dtype, precision):
    torch.manual_seed(0)
    x = channels_last(*shape, dtype=dtype)
    weight = torch.randn(shape[1], dtype=dtype, requires_grad=True)
    bias = torch.randn(shape[1], dtype=dtype, requires_grad=True)
    factors = torch.randn(shape, dtype=dtype)  # not channels last, as a mean's gradient
    narrow, mean, variance = narrow_norm.narrow_norm(x, weight, bias, 1e-5)
    plain = F.batch_norm(x, None, None, weight, bias, True, 0.1, 1e-5)
    ours = torch.autograd.grad(narrow, (x, weight, bias), factors)
    theirs = torch.autograd.grad(plain, (x, weight, bias), factors)
    for got, expected in zip((narrow, *ours), (plain, *theirs), strict=True):
        torch.testing.assert_close(got, expected, rtol=precision, atol=precision)
    axes = (0, 2, 3, 4)
    torch.testing.assert_close(mean, x.detach().mean(axes), rtol=precision, atol=precision)
    expected = x.detach().var(axes, correction=0)
    torch.testing.assert_close(variance, expected, rtol=precision, atol=precision)
    assert narrow.is_contiguous(memory_format=torch.channels_last_3d)


def test_the_gradient_is_the_derivative():
    torch.manual_seed(0)
    x = channels_last(2, 2, 2, 2, 1, dtype=torch.float64)
    weight = torch.randn(2, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(2, dtype=torch.float64, requires_grad=True)

    def output(*inputs):
        return narrow_norm.narrow_norm(*inputs, 1e-5)[0]

    assert torch.autograd.gradcheck(output, (x, weight, bias))


def test_it_suits_large_inputs_with_few_channels_last():
    large = torch.zeros(33, 8, 8, 16, 16)
    few = large.contiguous(memory_format=torch.channels_last_3d)
    weight = torch.ones(8)
    assert narrow_norm.suits(few, weight)
    assert not narrow_norm.suits(large, weight)
    assert not narrow_norm.suits(few[:2], weight)
    assert not narrow_norm.suits(few, None)
    assert not narrow_norm.suits(few.bfloat16(), weight)
    assert not narrow_norm.suits(few.to("meta"), weight)
    many = torch.zeros(1, 65, 8, 32, 32).contiguous(memory_format=torch.channels_last_3d)
    assert not narrow_norm.suits(many, torch.ones(65))


@pytest.mark.parametrize("momentum", [0.1, None])
@pytest.mark.parametrize("group", [2, 4])
def test_grouped_layers_update_as_before(monkeypatch, momentum, group):
    torch.manual_seed(0)
    norm = convert(nn.BatchNorm3d(3, momentum=momentum).double(), group)
    plain = copy.deepcopy(norm)
    for _ in range(3):
        x = channels_last(4, 3, 2, 3, 3, dtype=torch.float64)
        with monkeypatch.context() as patch:
            patch.setattr(narrow_norm, "WORTHWHILE", 0)
            assert narrow_norm.suits(x, norm.weight)
            narrow = norm(x)
        torch.testing.assert_close(narrow, plain(x), rtol=1e-12, atol=1e-12)
    for key, value in plain.state_dict().items():
        torch.testing.assert_close(norm.state_dict()[key], value, rtol=1e-12, atol=1e-12)
    assert norm.num_batches_tracked == 3
    norm.update_running = False
    before = copy.deepcopy(norm.state_dict())
    monkeypatch.setattr(narrow_norm, "WORTHWHILE", 0)
    torch.testing.assert_close(norm(x), plain(x), rtol=1e-12, atol=1e-12)
    assert all(torch.equal(norm.state_dict()[key], before[key]) for key in before)


@pytest.mark.parametrize("group", [2, 4])
def test_a_network_learns_the_same(monkeypatch, group):
    settings = R2Plus1DSettings(arch="r2plus1d", width=4, layers=(1, 1, 1, 1), round_middle=1)
    clips = torch.rand(4, 3, 4, 18, 16, dtype=torch.float64)

    def gradients():
        encoder = convert(build_encoder(settings, seed=0).double(), group)
        encoder(clips).square().sum().backward()
        return [parameter.grad for parameter in encoder.parameters()]

    plain = gradients()
    monkeypatch.setattr(narrow_norm, "WORTHWHILE", 0)
    for got, expected in zip(gradients(), plain, strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-7, atol=1e-9)
