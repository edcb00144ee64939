"""R(2+1)D: layout and numbers of torchvision's network, and its smaller versions."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from torch import nn
from torchvision.models.video import r2plus1d_18
from torchvision.models.video.resnet import BasicBlock, Conv2Plus1D, R2Plus1dStem, VideoResNet

from fame.config.encoders import AnyEncoder
from fame.models import build_encoder
from fame.models.backbones.r2plus1d import R2Plus1DSettings, build


def sized(width, layers=(1, 1, 1, 1), round_middle=8):
    return R2Plus1DSettings(arch="r2plus1d", width=width, layers=layers, round_middle=round_middle)


def shapes(module):
    return [(key, tuple(value.shape)) for key, value in module.state_dict().items()]


def test_published_layout_is_torchvisions_without_fc():
    with torch.device("meta"):
        ours = build(sized(64, (2, 2, 2, 2), 1))
        theirs = r2plus1d_18(weights=None)
    assert shapes(ours) == [entry for entry in shapes(theirs) if not entry[0].startswith("fc.")]
    assert ours.feature_dim == 512


def test_equals_torchvision_on_the_same_weights():
    torch.manual_seed(0)
    theirs = VideoResNet(BasicBlock, [Conv2Plus1D] * 4, [1, 2, 1, 1], R2Plus1dStem).eval()
    theirs.fc = nn.Identity()
    ours = build_encoder(sized(64, (1, 2, 1, 1), 1), seed=0).eval()
    ours.load_state_dict(theirs.state_dict())
    clips = torch.randn(2, 3, 4, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(ours(clips), theirs(clips), rtol=1e-5, atol=1e-6)


def test_pooled_feature_is_the_mean_of_the_map():
    encoder = build_encoder(sized(8), seed=0).eval()
    clips = torch.randn(2, 3, 9, 33, 40)
    with torch.no_grad():
        maps, pooled = encoder.maps(clips), encoder(clips)
    assert maps.shape == (2, 64, 2, 3, 3)
    assert pooled.shape == (2, encoder.feature_dim)
    torch.testing.assert_close(pooled, maps.flatten(2).mean(2))
    assert maps.min() >= 0


@settings(max_examples=15)
@given(width=st.integers(1, 24), multiple=st.sampled_from([1, 2, 4, 8]))
def test_middle_channels_are_the_nearest_multiple(width, multiple):
    with torch.device("meta"):
        encoder = build(sized(width, round_middle=multiple))
        plain = build(sized(width, round_middle=1))
    for (_, rounded), (_, exact) in zip(middles(encoder), middles(plain), strict=True):
        assert rounded % multiple == 0
        assert rounded == multiple or abs(rounded - exact) <= multiple / 2 + 1


def middles(encoder):
    return [
        (name, module.out_channels)
        for name, module in encoder.named_modules()
        if isinstance(module, nn.Conv3d) and module.kernel_size[0] == 1 and "down" not in name
    ]


def test_starts_from_he_initialisation_over_the_fan_out():
    encoder = build_encoder(sized(16), seed=3)
    weight = encoder.layer4[0].conv2[0][3].weight
    expected = math.sqrt(2 / (weight.shape[0] * 3))
    assert weight.std().item() == pytest.approx(expected, rel=0.05)


def test_weights_depend_on_the_seed_alone():
    torch.manual_seed(1)
    first = build_encoder(sized(4), seed=7).state_dict()
    state = torch.get_rng_state()
    torch.manual_seed(2)
    second = build_encoder(sized(4), seed=7).state_dict()
    other = build_encoder(sized(4), seed=8).state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert not torch.equal(first["stem.0.weight"], other["stem.0.weight"])
    torch.manual_seed(1)
    assert torch.equal(state, torch.get_rng_state()), "building must not move the global generator"


@pytest.mark.parametrize(
    "change",
    [{"width": 0}, {"layers": (1, 1, 1)}, {"layers": (1, 0, 1, 1)}, {"depth": 3}, {"arch": "r3d"}],
)
def test_bad_settings_are_refused(change):
    good = {"arch": "r2plus1d", "width": 8, "layers": (1, 1, 1, 1), "round_middle": 8}
    adapter = TypeAdapter(AnyEncoder)
    assert adapter.validate_python(good) == sized(8)
    with pytest.raises(ValidationError):
        adapter.validate_python(good | change)
    with pytest.raises(ValidationError):
        adapter.validate_python({key: good[key] for key in good if key != "round_middle"})
