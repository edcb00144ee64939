"""What holds for every architecture, narrow: gradients, groups, learning, odd sizes."""

import pytest
import torch
from encoder_checks import declared, on_meta
from torch import nn
from torch.nn import functional as F

from fame.config.encoders import BACKBONES
from fame.config.reading import load_scale
from fame.core import registry
from fame.models import build_encoder
from fame.models.backbones.i3d import published
from fame.models.group_batchnorm import convert
from fame.models.multiplications import multiplications

NARROW = {
    "c3d": {"arch": "c3d", "width": 4},
    "i3d": published(8).model_dump(),
    "r2plus1d": {"arch": "r2plus1d", "width": 4, "layers": [1, 1, 1, 1], "round_middle": 4},
    "r2plus1d_10": {"arch": "r2plus1d_10", "width": 4},
    "r2d3d": {"arch": "r2d3d", "width": 4, "layers": [1, 1, 2, 1], "pool": True},
    "r3d": {"arch": "r3d", "width": 4, "layers": [1, 2, 1, 1]},
    "r3d_hara": {
        "arch": "r3d_hara", "width": 4, "layers": [1, 2, 1, 1], "shortcut": "A", "pool": "clip"
    },
    "s3d": {"arch": "s3d", "width": 8, "initialisation": "normal"},
    "s3dg": {"arch": "s3dg", "width": 8, "time_stride": 2},
}  # fmt: skip
every = pytest.mark.parametrize("entry", NARROW.values(), ids=NARROW)


def test_every_built_in_architecture_is_here():
    assert sorted(NARROW) == registry.names(BACKBONES)
    assert all(entry["arch"] == name for name, entry in NARROW.items())


@every
def test_every_parameter_learns(entry):
    encoder = build_encoder(declared(entry), seed=0).double()
    encoder(torch.randn(2, 3, 16, 64, 64, dtype=torch.float64)).square().sum().backward()
    biases = {f"{name}.bias" for name, part in encoder.named_modules() if is_conv(part)}
    for name, parameter in encoder.named_parameters():
        # The mean that BatchNorm takes off contains the bias of a convolution before it.
        assert (parameter.grad.abs().sum() > 1e-12) == (name not in biases), name


def is_conv(module):
    return isinstance(module, nn.Conv3d)


@every
def test_two_groups_are_two_processes(entry):
    whole = convert(build_encoder(declared(entry), seed=0).double(), 2)
    # So large that every BatchNorm has many values: over two of them, rounding grows.
    draw = torch.Generator().manual_seed(0)
    clips = torch.randn(4, 3, 16, 64, 64, dtype=torch.float64, generator=draw)
    output = whole(clips)
    for index in (0, 1):
        process = build_encoder(declared(entry), seed=0).double()
        here = slice(2 * index, 2 * index + 2)
        torch.testing.assert_close(output[here], process(clips[here]), rtol=1e-9, atol=1e-9)
        if index == 0:
            for key, value in process.state_dict().items():
                torch.testing.assert_close(whole.state_dict()[key], value, rtol=1e-9, atol=1e-9)


@every
def test_clips_of_odd_sizes_are_encoded(entry):
    encoder = build_encoder(declared(entry), seed=0).eval()
    clips = torch.randn(1, 3, 9, 33, 47)
    with torch.no_grad():
        maps, pooled = encoder.maps(clips), encoder(clips)
    assert maps.min() >= 0 and maps.isfinite().all()
    torch.testing.assert_close(pooled, maps.flatten(2).mean(2))


@every
@pytest.mark.parametrize("width", [1, 3, 20])
def test_any_width_can_be_built_and_its_feature_is_known(entry, width):
    settings = declared(entry | {"width": width})
    pooled = on_meta(entry | {"width": width}).eval()(torch.empty(1, 3, 8, 32, 32, device="meta"))
    assert pooled.shape == (1, settings.feature_dim)


@every
def test_weights_depend_on_the_seed_alone(entry):
    first, second = (build_encoder(declared(entry), seed).state_dict() for seed in (7, 7))
    other = build_encoder(declared(entry), seed=8).state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


@every
def test_a_few_steps_lower_the_loss(entry):
    encoder = build_encoder(declared(entry), seed=0)
    torch.manual_seed(0)
    head = nn.Linear(encoder.feature_dim, 2)
    optimiser = torch.optim.SGD([*encoder.parameters(), *head.parameters()], 0.05, momentum=0.9)
    clips, labels = torch.randn(8, 3, 8, 32, 32), torch.arange(8) % 2
    losses = []
    for _ in range(20):
        loss = F.cross_entropy(head(encoder(clips)), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]


def counted(backbone):
    """Parameters in millions, multiplications in billions and last map of a scale's backbone."""
    with torch.device("meta"):
        encoder = build_encoder(backbone.encoder, seed=0).eval()
        clip = torch.empty(1, 3, backbone.frames, backbone.size, backbone.size)
        maps = encoder.maps(clip)
    parameters = sum(parameter.numel() for parameter in encoder.parameters())
    sizes = " x ".join(map(str, maps.shape[1:]))
    return f"{parameters / 1e6:.2f}", f"{multiplications(backbone) / 1e9:.2f}", sizes


def test_the_documents_table_is_the_papers_scale(root):
    text = (root / "docs" / "backbones.md").read_text(encoding="utf-8")
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| `")]
    found = {key.strip(" `"): tuple(map(str.strip, rest)) for key, *rest in rows}
    backbones = load_scale("paper").backbones
    assert list(found) == list(backbones)
    for key, (_, clip, *numbers) in found.items():
        backbone = backbones[key]
        assert clip == f"{backbone.frames} x {backbone.size}"
        assert tuple(numbers) == counted(backbone), key


@pytest.mark.parametrize("name", ["mini", "paper"])
def test_scales_use_every_architecture(name):
    used = {backbone.encoder.arch for backbone in load_scale(name).backbones.values()}
    assert used == set(NARROW)
