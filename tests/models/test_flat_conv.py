"""Whatever the kernel, what is convolved and learnt is that of Conv3d."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from fame.models import build_encoder
from fame.models.backbones.r2plus1d import R2Plus1DSettings
from fame.models.flat_conv import FlatConv3d

SPATIAL = ((1, 3, 3), (1, 2, 2), (0, 1, 1))
TEMPORAL = ((3, 1, 1), (2, 1, 1), (1, 0, 0))
NEITHER = (
    ((3, 3, 3), (1, 1, 1), (1, 1, 1)),
    ((1, 3, 3), (2, 1, 1), (0, 1, 1)),  # frames are left out
    ((3, 1, 1), (1, 1, 2), (1, 0, 0)),  # and places
    ((1, 3, 3), (1, 1, 1), (1, 1, 1)),  # frames are added
    ((3, 1, 1), (1, 1, 1), (1, 1, 0)),  # and places
)


def pair(kernel, stride, padding, bias=False):
    torch.manual_seed(0)
    layers = [
        convolution(3, 4, kernel, stride, padding, bias=bias)
        for convolution in (nn.Conv3d, FlatConv3d)
    ]
    layers[1].load_state_dict(layers[0].state_dict())
    return [layer.double() for layer in layers]


def learnt(layer, clips):
    x = clips.clone().requires_grad_()
    y = layer(x)
    weights = torch.arange(y.numel(), dtype=y.dtype).view_as(y)
    gradients = torch.autograd.grad((y * weights.sin()).sum(), [x, *layer.parameters()])
    return [y, *gradients]


@settings(max_examples=60)
@given(
    shape=st.tuples(*[st.integers(1, 3), st.just(3), *[st.integers(3, 6)] * 3]),
    kernel=st.tuples(*[st.sampled_from([1, 3])] * 3),
    stride=st.tuples(*[st.integers(1, 2)] * 3),
    padding=st.tuples(*[st.integers(0, 1)] * 3),
    bias=st.booleans(),
    last=st.booleans(),
)
def test_outputs_and_gradients_are_those_of_conv3d(shape, kernel, stride, padding, bias, last):
    layout = torch.channels_last_3d if last else torch.contiguous_format
    clips = torch.randn(shape, dtype=torch.float64).to(memory_format=layout)
    plain, ours = (learnt(layer, clips) for layer in pair(kernel, stride, padding, bias))
    for actual, expected in zip(ours, plain, strict=True):
        torch.testing.assert_close(actual, expected)


@pytest.mark.parametrize(
    ("setting", "flat"), [(SPATIAL, True), (TEMPORAL, True), *((other, False) for other in NEITHER)]
)
def test_two_dimensions_serve_what_does_not_mix_the_third(setting, flat, monkeypatch):
    called = []
    convolve = F.conv2d
    monkeypatch.setattr(F, "conv2d", lambda *given: called.append(given) or convolve(*given))
    pair(*setting)[1](torch.randn(2, 3, 4, 6, 6, dtype=torch.float64))
    assert bool(called) == flat


@pytest.mark.parametrize("setting", [SPATIAL, TEMPORAL])
@pytest.mark.parametrize(
    "unusual", [{"dilation": 2}, {"groups": 3}, {"padding_mode": "replicate"}, {}]
)
def test_what_is_unusual_is_left_to_conv3d(setting, unusual):
    torch.manual_seed(0)
    plain, ours = (kind(3, 6, *setting, **unusual) for kind in (nn.Conv3d, FlatConv3d))
    ours.load_state_dict(plain.state_dict())
    clips = torch.randn(2, 3, 5, 6, 6) if unusual else torch.randn(3, 5, 6, 6)
    assert torch.equal(ours(clips), plain(clips))


@pytest.mark.parametrize("setting", [SPATIAL, TEMPORAL])
def test_channels_stay_last_and_no_value_is_copied(setting, monkeypatch):
    layer = pair(*setting)[1].to(memory_format=torch.channels_last_3d)
    clips = torch.randn(2, 3, 4, 6, 6, dtype=torch.float64).to(memory_format=torch.channels_last_3d)
    seen = []
    convolve = F.conv2d
    monkeypatch.setattr(F, "conv2d", lambda x, *given: seen.append(x) or convolve(x, *given))
    output = layer(clips)
    assert seen[0].data_ptr() == clips.data_ptr()
    assert output.is_contiguous(memory_format=torch.channels_last_3d)


def test_r2plus1d_meets_no_other_convolution_but_its_shortcuts():
    settings = R2Plus1DSettings(arch="r2plus1d", width=8, layers=(1, 1, 1, 1), round_middle=8)
    others = [
        name
        for name, module in build_encoder(settings, seed=0).named_modules()
        if isinstance(module, nn.Conv3d) and not isinstance(module, FlatConv3d)
    ]
    assert others == [f"layer{stage}.0.downsample.0" for stage in (2, 3, 4)]


@pytest.mark.parametrize("kernel", [(1, 3, 3), (3, 1, 1)])
def test_more_channels_of_zeros_change_nothing(kernel):
    torch.manual_seed(0)
    layer = FlatConv3d(3, 5, kernel, padding=tuple(size // 2 for size in kernel)).double()
    x = torch.randn(2, 3, 4, 5, 6, dtype=torch.float64)
    filled = torch.cat([x, torch.randn(2, 2, 4, 5, 6, dtype=torch.float64)], 1)
    plain, wide = layer(x), layer.widened(filled, 8)
    torch.testing.assert_close(wide[:, :5], plain, rtol=1e-12, atol=1e-12)
    assert not wide[:, 5:].any()
    ours, theirs = (
        torch.autograd.grad(y.square().sum(), layer.parameters()) for y in (wide, plain)
    )
    for got, expected in zip(ours, theirs, strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-12, atol=1e-12)
