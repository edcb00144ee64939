"""Hara's R3D: names of the public code, and the arithmetic of torchvision's blocks."""

import itertools

import pytest
import torch
from encoder_checks import declared, on_meta, parameters, scrambled, stage_shapes
from torch import nn
from torchvision.models.video.resnet import BasicBlock, Conv3DSimple, VideoResNet

from fame.models import build_encoder


def sized(width, shortcut="B", pool="clip"):
    layers = (2, 2, 2, 2)
    entry = {"arch": "r3d_hara", "width": width, "layers": layers}
    return entry | {"shortcut": shortcut, "pool": pool}


RENAMED = {"conv1.0.": "conv1.", "conv1.1.": "bn1.", "conv2.0.": "conv2.", "conv2.1.": "bn2."}


def renamed(key):
    """A key of torchvision's network in Hara's."""
    key = key.replace("stem.0.", "conv1.").replace("stem.1.", "bn1.")
    for theirs, ours in RENAMED.items():
        key = key.replace(f".{theirs}", f".{ours}")
    return key


def stem():
    return nn.Sequential(
        nn.Conv3d(3, 64, 7, (1, 2, 2), 3, bias=False),
        nn.BatchNorm3d(64),
        nn.ReLU(),
        nn.MaxPool3d(3, 2, 1),
    )


def test_equals_torchvisions_blocks_after_the_wider_stem():
    torch.manual_seed(0)
    theirs = scrambled(VideoResNet(BasicBlock, [Conv3DSimple] * 4, [2, 2, 2, 2], stem))
    theirs.fc = nn.Identity()
    ours = build_encoder(declared(sized(64)), seed=0).eval()
    weights = {renamed(key): value for key, value in theirs.state_dict().items()}
    ours.load_state_dict(weights)
    clips = torch.randn(2, 3, 6, 40, 33)
    with torch.no_grad():
        torch.testing.assert_close(ours(clips), theirs(clips), rtol=1e-4, atol=1e-5)


def test_keys_are_those_of_the_public_code():
    keys = list(on_meta(sized(64)).state_dict())
    norm = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    expected = ["conv1.weight", *(f"bn1.{name}" for name in norm)]
    for layer, block in itertools.product((1, 2, 3, 4), (0, 1)):
        for number in (1, 2):
            at = f"layer{layer}.{block}"
            expected += [f"{at}.conv{number}.weight", *(f"{at}.bn{number}.{n}" for n in norm)]
        if layer > 1 and block == 0:
            expected.append(f"{at}.downsample.0.weight")
            expected += [f"{at}.downsample.1.{name}" for name in norm]
    assert keys == expected


def test_published_size():
    assert parameters(sized(64)) == 33_203_904
    assert parameters(sized(64, pool="frame")) == 33_203_904
    without = parameters(sized(64, shortcut="A"))
    assert 33_203_904 - without == sum(i * 2 * i + 2 * 2 * i for i in (64, 128, 256))


def test_stages_of_the_published_clip():
    sizes = [(64, 8, 28, 28), (128, 4, 14, 14), (256, 2, 7, 7), (512, 1, 4, 4)]
    assert stage_shapes(sized(64), 16, 112, 112) == sizes
    twice = [(channels, 2 * frames, *space) for channels, frames, *space in sizes]
    assert stage_shapes(sized(64, pool="frame"), 16, 112, 112) == twice
    assert stage_shapes(sized(4), 3, 33, 47)[-1] == (32, 1, 2, 2)


@pytest.mark.parametrize("shortcut", ["A", "B"])
def test_gradient_flows_through_the_shortcut(shortcut):
    block = build_encoder(declared(sized(4, shortcut)), seed=0).layer2[0]
    nn.init.zeros_(block.bn2.weight)  # nothing comes through the branch
    x = torch.rand(2, 4, 2, 4, 4, requires_grad=True)
    (block(x) ** 2).sum().backward()
    assert x.grad.abs().sum() > 0.1
