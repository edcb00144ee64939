"""More channels that are zero change neither what is convolved nor what is learnt."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from fame.models import build_encoder, colour_conv
from fame.models.backbones.i3d import published as published_i3d
from fame.models.backbones.r2plus1d import R2Plus1DSettings
from fame.models.colour_conv import ColourConv3d, folded_conv


@pytest.fixture
def filling(monkeypatch):
    """As in bfloat16 on a GPU."""
    monkeypatch.setattr(colour_conv, "in_bfloat16_on_a_gpu", lambda x: True)


def layers():
    torch.manual_seed(0)
    plain = nn.Conv3d(3, 4, (1, 7, 7), stride=(1, 2, 2), padding=(0, 3, 3), bias=False)
    ours = ColourConv3d(3, 4, (1, 7, 7), stride=(1, 2, 2), padding=(0, 3, 3), bias=False)
    ours.load_state_dict(plain.state_dict())
    return plain.to(torch.bfloat16), ours.to(torch.bfloat16)


def test_outputs_and_gradients_are_those_of_conv3d(filling):
    plain, ours = layers()
    x = torch.randn(2, 3, 4, 20, 20).to(torch.bfloat16)
    outputs = []
    for layer in (plain, ours):
        outputs.append(layer(x))
        outputs[-1].float().square().sum().backward()
    torch.testing.assert_close(outputs[1], outputs[0], rtol=0.02, atol=0.02)
    assert ours.weight.grad.shape == plain.weight.grad.shape
    torch.testing.assert_close(ours.weight.grad, plain.weight.grad, rtol=0.05, atol=0.5)


CASES = {
    "I3D": ((7, 7, 7), (2, 2, 2), (0, 0, 0), (2, 3, 13, 21, 22)),
    "R(2+1)D": ((1, 7, 7), (1, 2, 2), (0, 3, 3), (2, 3, 4, 20, 21)),
    "R3D": ((3, 7, 7), (1, 2, 2), (1, 3, 3), (1, 3, 5, 14, 15)),
    "R3D (Hara's)": ((7, 7, 7), (1, 2, 2), (3, 3, 3), (1, 3, 8, 16, 16)),
    "C3D": ((3, 3, 3), (1, 1, 1), (1, 1, 1), (1, 3, 4, 9, 8)),
    "even, all different": ((2, 4, 6), (2, 2, 2), (1, 2, 1), (1, 3, 6, 17, 13)),
    "a single pixel": ((1, 1, 1), (1, 2, 2), (0, 0, 0), (1, 3, 2, 5, 6)),
}
"""Kernel, stride, padding, and the shape of the clips."""


@pytest.mark.parametrize(("kernel", "stride", "padding", "shape"), CASES.values(), ids=CASES)
def test_folded_it_is_the_same_convolution(kernel, stride, padding, shape, monkeypatch):
    torch.manual_seed(0)
    x = torch.randn(shape, dtype=torch.float64)
    weight = torch.randn((5, 3, *kernel), dtype=torch.float64, requires_grad=True)
    bias = torch.randn(5, dtype=torch.float64, requires_grad=True)
    expected = F.conv3d(x, weight, bias, stride, padding)
    channels, conv2d = [], F.conv2d
    monkeypatch.setattr(
        F, "conv2d", lambda x, *rest: channels.append(x.shape[1]) or conv2d(x, *rest)
    )
    folded = folded_conv(x, weight, bias, stride, padding)
    assert channels[0] % colour_conv.WHOLE == 0
    assert folded.is_contiguous(memory_format=torch.channels_last_3d)
    torch.testing.assert_close(folded, expected)
    factors = torch.randn_like(expected)
    ours, theirs = (torch.autograd.grad(y, (weight, bias), factors) for y in (folded, expected))
    torch.testing.assert_close(ours, theirs)


def test_on_a_cpu_it_is_conv3d_to_the_bit():
    plain, ours = (copy.deepcopy(layer).float() for layer in layers())
    x = torch.randn(2, 3, 4, 20, 20)
    assert torch.equal(ours(x), plain(x))


@pytest.mark.parametrize(
    "settings",
    [
        R2Plus1DSettings(arch="r2plus1d", width=4, layers=(1, 1, 1, 1), round_middle=4),
        published_i3d(4),
    ],
)
def test_an_encoder_begins_with_one_and_has_no_other(settings):
    convolutions = [m for m in build_encoder(settings, 0).modules() if isinstance(m, nn.Conv3d)]
    first, *others = [isinstance(layer, ColourConv3d) for layer in convolutions]
    assert first
    assert not any(others)
