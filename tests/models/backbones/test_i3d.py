"""I3D: padding, layout at any width, gradients."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from fame.models import build_encoder
from fame.models.backbones.i3d import I3DSettings, build
from fame.models.blocks.inception import SamePool3d, Unit3D, same_padding


def sized(width):
    return I3DSettings(arch="i3d", width=width)


def test_published_size():
    with torch.device("meta"):
        encoder = build(sized(64))
        maps = encoder.maps(torch.empty(2, 3, 16, 224, 224))
    assert encoder.feature_dim == 1024
    assert maps.shape == (2, 1024, 2, 7, 7)
    assert sum(p.numel() for p in encoder.parameters()) == 12_287_264


@pytest.mark.parametrize(("width", "features"), [(64, 1024), (32, 512), (8, 128), (1, 24)])
def test_channels_scale_with_width(width, features):
    with torch.device("meta"):
        assert build(sized(width)).feature_dim == features


def test_pooled_feature_is_the_mean_of_the_map():
    encoder = build_encoder(sized(8), seed=0).eval()
    clips = torch.randn(2, 3, 8, 64, 32)
    with torch.no_grad():
        maps, pooled = encoder.maps(clips), encoder(clips)
    assert maps.shape == (2, 128, 1, 2, 1)
    torch.testing.assert_close(pooled, maps.flatten(2).mean(2))
    assert maps.min() >= 0


def test_odd_sizes_are_rounded_up_not_refused():
    encoder = build_encoder(sized(4), seed=0).eval()
    with torch.no_grad():
        assert encoder(torch.randn(1, 3, 5, 33, 47)).isfinite().all()


@settings(max_examples=40)
@given(kernel=st.integers(1, 7), stride=st.integers(1, 3), blocks=st.integers(1, 9))
def test_padding_is_tensorflows_same(kernel, stride, blocks):
    if kernel < stride:
        return
    size = blocks * stride
    total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
    expected = [total // 2, total - total // 2]
    assert same_padding((kernel, 1, 1), (stride, 1, 1)) == [0, 0, 0, 0, *expected]
    assert same_padding((1, 1, kernel), (1, 1, stride)) == [*expected, 0, 0, 0, 0]


def test_unit_is_convolution_norm_relu_with_the_odd_pixel_last():
    unit = Unit3D(1, 1, (1, 1, 7), (1, 1, 2)).eval()
    torch.nn.init.zeros_(unit.conv3d.weight)
    with torch.no_grad():
        unit.conv3d.weight[..., 2] = 1  # picks the pixel under the window's third place
    line = torch.arange(1.0, 9.0).view(1, 1, 1, 1, 8)
    picked = unit(line).flatten() * math.sqrt(1 + unit.batch3d.eps)
    torch.testing.assert_close(picked, torch.tensor([1.0, 3.0, 5.0, 7.0]))


def test_pool_takes_the_maximum_of_each_padded_window():
    pool = SamePool3d((1, 1, 3), (1, 1, 2))
    line = torch.tensor([1.0, 2.0, 5.0, 3.0, 0.0, 4.0]).view(1, 1, 1, 1, 6)
    assert pool(line).flatten().tolist() == [5.0, 5.0, 4.0]
    reference = F.max_pool3d(F.pad(line, (0, 1)), (1, 1, 3), (1, 1, 2))
    assert torch.equal(pool(line), reference)


def test_every_parameter_learns():
    encoder = build_encoder(sized(4), seed=0)
    encoder(torch.randn(2, 3, 16, 64, 64)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in encoder.parameters())
