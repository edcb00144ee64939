"""R3D: layout and numbers of torchvision's network."""

import math

import pytest
import torch
from encoder_checks import on_meta, parameters, scrambled, shapes, stage_shapes
from pydantic import ValidationError
from torchvision.models.video import r3d_18

from fame.models.backbones.r3d import R3DSettings, build


def sized(width, layers=(2, 2, 2, 2)):
    return {"arch": "r3d", "width": width, "layers": layers}


def test_published_layout_is_torchvisions_without_fc():
    with torch.device("meta"):
        theirs = r3d_18(weights=None)
    entries = [entry for entry in shapes(theirs) if not entry[0].startswith("fc.")]
    assert shapes(on_meta(sized(64))) == entries


def test_equals_torchvision_to_the_last_bit():
    torch.manual_seed(0)
    theirs = scrambled(r3d_18(weights=None))
    weights = {k: v for k, v in theirs.state_dict().items() if not k.startswith("fc.")}
    ours = build(R3DSettings(**sized(64))).eval()
    ours.load_state_dict(weights)
    clips = torch.randn(2, 3, 5, 25, 18)
    with torch.no_grad():
        stage, expected = theirs.stem(clips), []
        for layer in (theirs.layer1, theirs.layer2, theirs.layer3, theirs.layer4):
            stage = layer(stage)
            expected.append(stage)
        for found, wanted in zip(ours.stages(clips), expected, strict=True):
            assert (found - wanted).abs().max() == 0.0
        assert (ours.maps(clips) - expected[-1]).abs().max() == 0.0


@pytest.mark.parametrize(
    ("layers", "count"),
    [((2, 2, 2, 2), 33_166_272), ((3, 4, 6, 3), 63_475_904), ((1, 1, 1, 1), 14_361_792)],
)
def test_published_depths(layers, count):
    assert parameters(sized(64, layers)) == count


def test_stages_of_the_published_clip():
    sizes = [(64, 16, 56, 56), (128, 8, 28, 28), (256, 4, 14, 14), (512, 2, 7, 7)]
    assert stage_shapes(sized(64), 16, 112, 112) == sizes
    assert stage_shapes(sized(4), 9, 33, 40)[-1] == (32, 2, 3, 3)


def test_starts_from_he_initialisation_over_the_fan_out():
    weight = build(R3DSettings(**sized(8))).layer4[0].conv2[0].weight
    assert weight.std().item() == pytest.approx(math.sqrt(2 / (len(weight) * 27)), rel=0.02)


@pytest.mark.parametrize("change", [{"width": 0}, {"layers": (1, 1, 1)}, {"round_middle": 1}])
def test_bad_settings_are_refused(change):
    with pytest.raises(ValidationError):
        R3DSettings(**sized(8) | change)
