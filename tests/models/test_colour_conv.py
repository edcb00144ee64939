"""More channels that are zero change neither what is convolved nor what is learnt."""

import copy

import pytest
import torch
from torch import nn

from fame.models import build_encoder, colour_conv
from fame.models.backbones.i3d import published as published_i3d
from fame.models.backbones.r2plus1d import R2Plus1DSettings
from fame.models.colour_conv import ColourConv3d


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


def test_the_kernel_is_given_whole_groups_of_channels(filling, monkeypatch):
    _, ours = layers()
    seen = []
    monkeypatch.setattr(
        ColourConv3d, "_conv_forward", lambda self, x, weight, bias: seen.append((x, weight))
    )
    ours(torch.ones(2, 3, 4, 20, 20, dtype=torch.bfloat16))
    (x, weight), *_ = seen
    assert x.shape[1] == weight.shape[1] == 8
    assert not x[:, 3:].any()
    assert not weight[:, 3:].any()
    assert x[:, :3].all()


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
