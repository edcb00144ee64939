"""What every architecture offers beside its pooled feature: stages and signed maps."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from pydantic import TypeAdapter
from torch import nn

from fame.config.encoders import AnyEncoder, EncoderSettings
from fame.config.reading import parse
from fame.config.scale import Backbone
from fame.core.errors import FameError
from fame.models import build_encoder
from fame.models.backbones.i3d import published
from fame.models.encoder import Encoder, Staged, before_last_relu

TOY = str(Path(__file__).parents[1] / "workflow" / "toys" / "thin.py")
R2PLUS1D = {"arch": "r2plus1d", "width": 4, "layers": (1, 2, 1, 1), "round_middle": 4}
R3D = {"arch": "r3d", "width": 4, "layers": (1, 2, 1, 1)}
HARA = {**R3D, "arch": "r3d_hara", "shortcut": "B", "pool": "clip"}
CLIP = {"title": "x", "frames": 8, "stride": 2, "size": 32}

# Of clips of 8 frames of 64 pixels: channels, frames and pixels of each stage.
STAGES = [
    (R2PLUS1D, [(4, 8, 32), (8, 4, 16), (16, 2, 8), (32, 1, 4)]),
    (published(4).model_dump(), [(4, 4, 32), (12, 4, 16), (32, 4, 8), (52, 2, 4), (64, 1, 2)]),
    ({"arch": "c3d", "width": 2}, [(2, 8, 64), (4, 8, 32), (8, 4, 16), (16, 2, 8), (16, 1, 4)]),
    (R3D, [(4, 8, 32), (8, 4, 16), (16, 2, 8), (32, 1, 4)]),
    ({**R3D, "arch": "r2d3d", "pool": True}, [(4, 8, 16), (8, 8, 8), (16, 4, 4), (16, 2, 2)]),
    (HARA, [(4, 4, 16), (8, 2, 8), (16, 1, 4), (32, 1, 2)]),
    ({"arch": "r2plus1d_10", "width": 4}, [(4, 8, 32), (8, 4, 16), (16, 2, 8), (32, 1, 4)]),
    (
        {"arch": "s3d", "width": 4, "initialisation": "normal"},
        [(4, 4, 32), (12, 4, 16), (32, 4, 8), (52, 2, 4), (64, 1, 2)],
    ),
    (
        {"arch": "s3dg", "width": 4, "time_stride": 2},
        [(4, 4, 32), (12, 4, 16), (32, 4, 8), (52, 2, 4), (64, 1, 2)],
    ),
    ({"arch": TOY, "channels": 5}, [(5, 8, 16), (5, 8, 4)]),
]


def declared(entry: dict) -> EncoderSettings:
    return TypeAdapter(AnyEncoder).validate_python(entry)


@pytest.mark.parametrize(("entry", "sizes"), STAGES)
def test_stages_end_in_the_map_and_the_map_is_the_positive_part(entry, sizes):
    settings = declared(entry)
    encoder = build_encoder(settings, seed=1).eval()
    clips = torch.randn(2, 3, 8, 64, 64)
    with torch.no_grad():
        maps, stages, signed = encoder.maps(clips), encoder.stages(clips), encoder.signed(clips)
        pooled = encoder(clips)
    assert [tuple(stage.shape) for stage in stages] == [(2, c, t, s, s) for c, t, s in sizes]
    assert torch.equal(stages[-1], maps)
    assert torch.equal(signed.relu(), maps)
    assert (signed < 0).any()
    assert pooled.shape == (2, settings.feature_dim) == (2, encoder.feature_dim)


@pytest.mark.parametrize("entry", [entry for entry, _ in STAGES])
def test_gradients_reach_the_first_layer_from_the_first_stage_and_the_signed_map(entry):
    encoder = build_encoder(declared(entry), seed=1)
    first = next(encoder.parameters())
    clips = torch.randn(4, 3, 8, 32, 32)
    for output in (encoder.stages(clips)[0], encoder.signed(clips)):
        (gradient,) = torch.autograd.grad(output.square().mean(), first)
        assert gradient.abs().sum() > 0


@pytest.mark.parametrize("width", [1, 3, 8, 24, 64])
def test_the_settings_know_the_feature_without_building(width):
    for entry in ({**R2PLUS1D, "width": width}, published(width).model_dump()):
        with torch.device("meta"):
            encoder = build_encoder(settings := declared(entry), seed=0).eval()
            assert encoder(torch.empty(1, 3, 8, 32, 32)).shape == (1, settings.feature_dim)


def test_settings_come_back_from_what_a_card_says():
    for entry, _ in STAGES:
        backbone = parse(Backbone, {**CLIP, "encoder": entry}, "card")
        told = backbone.model_dump(mode="json")
        assert set(told["encoder"]) == set(entry)
        assert parse(Backbone, told, "card") == backbone


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"arch": "r2plus1", "width": 4}, "did you mean 'r2plus1d'?"),
        ({"arch": "./nowhere.py", "width": 4}, "no plug-in file nowhere.py"),
        ({"width": 4}, "encoder.arch is missing"),
        ({"arch": 3}, "encoder.arch: Input should be a valid string"),
        ("r2plus1d", "encoder: "),
        ({"arch": "i3d"}, "encoder.width is missing"),
        ({"arch": "i3d", "width": 0}, "encoder.width: "),
        ({"arch": "i3d", "widht": 4, "width": 4}, "encoder.widht; did you mean 'width'?"),
        ({**R2PLUS1D, "round_midle": 4}, "encoder.round_midle; did you mean 'round_middle'?"),
        ({"arch": TOY, "channel": 4}, "unknown key encoder.channel"),
    ],
)
def test_a_wrong_entry_is_named_with_the_remedy(entry, words):
    with pytest.raises(FameError, match=r"^scale: ") as caught:
        parse(Backbone, {**CLIP, "encoder": entry}, "scale")
    assert words in str(caught.value)


def test_reading_a_scale_imports_no_torch():
    code = (
        "import sys; from fame.config.reading import load_scale; "
        "from fame.config.scale import Scale; load_scale('mini'); Scale.model_json_schema(); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class Opaque(Encoder):
    """Offers the least that an encoder must."""

    feature_dim = 1

    def maps(self, x):
        return x.relu()


def test_an_encoder_that_has_no_stages_says_so():
    with pytest.raises(FameError, match="Opaque offers its last map only"):
        Opaque().stages(torch.ones(1, 1, 1, 1, 1))
    with pytest.raises(FameError, match="Opaque has no signed map"):
        Opaque().signed(torch.ones(1, 1, 1, 1, 1))


def test_a_part_must_tell_what_stands_before_its_relu():
    encoder = Staged({"only": nn.Conv3d(3, 2, 1)}, ["only"], 2)
    with pytest.raises(FameError, match="Conv3d has no method `signed`"):
        encoder.signed(torch.ones(1, 3, 1, 1, 1))
    ending = nn.Sequential(nn.Identity(), nn.Sequential(nn.ReLU(inplace=True)))
    values = torch.tensor([-1.0, 2.0])
    assert before_last_relu(ending, values).tolist() == [-1, 2]
