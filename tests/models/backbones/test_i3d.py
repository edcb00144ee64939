"""I3D: padding, layout at any width, gradients."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from fame.models import build_encoder
from fame.models.backbones.i3d import I3DSettings, build, published
from fame.models.blocks.inception import SamePool3d, Unit3D, same_padding, sides
from fame.models.seeding import keyed_initialisation

SHORT = I3DSettings(
    arch="i3d",
    width=8,
    blocks=(1, 1, 1),
    stem_frames=3,
    strides=((1, 2), (1, 2), (2, 1), (2, 2), (2, 2)),
    initialisation="he-fan-out",
)


def test_published_size():
    with torch.device("meta"):
        encoder = build(published(64))
        maps = encoder.maps(torch.empty(2, 3, 16, 224, 224))
    assert encoder.feature_dim == 1024
    assert maps.shape == (2, 1024, 2, 7, 7)
    assert sum(p.numel() for p in encoder.parameters()) == 12_287_264


@pytest.mark.parametrize(("width", "features"), [(64, 1024), (32, 512), (8, 128), (1, 24)])
def test_channels_scale_with_width(width, features):
    with torch.device("meta"):
        assert build(published(width)).feature_dim == features


def test_pooled_feature_is_the_mean_of_the_map():
    encoder = build_encoder(published(8), seed=0).eval()
    clips = torch.randn(2, 3, 8, 64, 32)
    with torch.no_grad():
        maps, pooled = encoder.maps(clips), encoder(clips)
    assert maps.shape == (2, 128, 1, 2, 1)
    torch.testing.assert_close(pooled, maps.flatten(2).mean(2))
    assert maps.min() >= 0


def test_odd_sizes_are_rounded_up_not_refused():
    encoder = build_encoder(published(4), seed=0).eval()
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
    encoder = build_encoder(published(4), seed=0)
    encoder(torch.randn(2, 3, 16, 64, 64)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in encoder.parameters())


def test_a_short_one_keeps_the_first_blocks_of_each_group():
    encoder = build_encoder(SHORT, seed=0).eval()
    blocks = [name for name, _ in encoder.named_children() if name.startswith("mixed")]
    assert blocks == ["mixed_3b", "mixed_4b", "mixed_5b"]
    assert SHORT.feature_dim == encoder.feature_dim == 104
    with torch.no_grad():
        stages = encoder.stages(torch.randn(2, 3, 8, 32, 32))
    assert [tuple(stage.shape[1:4]) for stage in stages] == [
        (8, 8, 16),
        (24, 8, 8),
        (32, 4, 8),
        (68, 2, 4),
        (104, 1, 2),
    ]


def test_the_stem_looks_at_as_many_frames_as_declared():
    for entry, frames in ((SHORT, 3), (published(8), 7)):
        stem = next(build_encoder(entry, seed=0).parameters())
        assert stem.shape == (8, 3, frames, 7, 7)


@pytest.mark.parametrize("initialisation", ["pytorch", "he-fan-out"])
def test_initial_weights_have_the_declared_scale(initialisation):
    settings = published(32).model_copy(update={"initialisation": initialisation})
    for name, weight in build_encoder(settings, seed=0).named_parameters():
        if weight.dim() != 5:
            continue
        taps = weight[0, 0].numel()
        he, default = 2 / (weight.shape[0] * taps), 1 / (3 * weight.shape[1] * taps)
        expected = math.sqrt(he if initialisation == "he-fan-out" else default)
        assert weight.std().item() == pytest.approx(expected, rel=0.15), name


def test_published_weights_are_those_of_plain_layers_drawn_in_order():
    encoder = build_encoder(published(8), seed=3)
    with keyed_initialisation(3, "initialisation"):
        stem = torch.nn.Conv3d(3, 8, 7, bias=False)
        second = torch.nn.Conv3d(8, 8, 1, bias=False)
    assert torch.equal(encoder.conv3d_1a_7x7.conv3d.weight, stem.weight)
    assert torch.equal(encoder.conv3d_2b_1x1.conv3d.weight, second.weight)


@pytest.mark.parametrize("blocks", [(0, 1, 1), (3, 1, 1), (2, 6, 2), (2, 5, 3)])
def test_numbers_of_blocks_that_are_not_there_are_refused(blocks):
    with pytest.raises(ValueError, match="blocks"):
        I3DSettings.model_validate(SHORT.model_dump() | {"blocks": blocks})


@pytest.mark.parametrize(("kernel", "stride"), [((3, 3, 3), (1, 1, 1)), ((1, 3, 5), (1, 1, 1))])
def test_padding_of_a_convolution_equals_padding_its_input(kernel, stride):
    """As a GPU computes it; what is not symmetric is never given to a convolution."""
    unit, x = Unit3D(4, 5, kernel, stride), torch.randn(2, 4, 4, 6, 7)
    before, after = sides(unit.padding)
    assert before == after
    ours = F.conv3d(x, unit.conv3d.weight, None, stride, before)
    torch.testing.assert_close(ours, unit.conv3d(F.pad(x, unit.padding)))
    before, after = sides(same_padding((7, 7, 7), (2, 2, 2)))
    assert (before, after) == ((2, 2, 2), (3, 3, 3))
