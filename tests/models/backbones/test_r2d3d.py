"""R-2D3D: names, sizes and arithmetic of MemDPC's public code."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from encoder_checks import declared, on_meta, parameters, scrambled, stage_shapes

from fame.models import build_encoder

EIGHTEEN, THIRTY_FOUR = (2, 2, 2, 2), (3, 4, 6, 3)


def sized(width, layers=EIGHTEEN, pool=True):
    return {"arch": "r2d3d", "width": width, "layers": layers, "pool": pool}


@pytest.mark.parametrize("layers", [EIGHTEEN, THIRTY_FOUR], ids=["18", "34"])
def test_keys_are_those_of_the_public_code(layers):
    norm = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    expected = ["conv1.weight", *(f"bn1.{name}" for name in norm)]
    for layer, blocks in enumerate(layers, start=1):
        for block, number in itertools.product(range(blocks), (1, 2)):
            at = f"layer{layer}.{block}"
            expected += [f"{at}.conv{number}.weight", *(f"{at}.bn{number}.{n}" for n in norm)]
            if layer > 1 and (block, number) == (0, 2):
                expected.append(f"{at}.downsample.0.weight")
                expected += [f"{at}.downsample.1.{name}" for name in norm]
    assert list(on_meta(sized(64, layers)).state_dict()) == expected


def convolutions(layers, width):
    """(inputs, outputs, kernel's size) of each convolution, from the specification's table."""
    yield 3, width, 49
    inputs = width
    for layer, (outputs, kernel) in enumerate(
        [(width, 9), (2 * width, 9), (4 * width, 27), (4 * width, 27)]
    ):
        for block in range(layers[layer]):
            yield inputs, outputs, kernel
            yield outputs, outputs, kernel
            if layer > 0 and block == 0:
                yield inputs, outputs, 1
            inputs = outputs


@pytest.mark.parametrize(("layers", "millions"), [(EIGHTEEN, 14.06), (THIRTY_FOUR, 32.42)])
def test_published_size(layers, millions):
    found = parameters(sized(64, layers))
    assert round(found / 1e6, 2) == millions
    assert found == sum(i * o * k + 2 * o for i, o, k in convolutions(layers, 64))


def test_stages_of_the_published_block():
    sizes = [(64, 5, 56, 56), (128, 5, 28, 28), (256, 3, 14, 14), (256, 2, 7, 7)]
    assert stage_shapes(sized(64, THIRTY_FOUR), 5, 224, 224) == sizes
    assert stage_shapes(sized(64), 5, 128, 128)[-1] == (256, 2, 4, 4)
    assert stage_shapes(sized(64), 5, 112, 112)[-1] == (256, 2, 4, 4)


def test_without_the_pool_maps_are_twice_as_large():
    assert stage_shapes(sized(4, THIRTY_FOUR), 4, 32, 32)[-1] == (16, 1, 1, 1)
    assert stage_shapes(sized(4, THIRTY_FOUR, pool=False), 4, 32, 32)[-1] == (16, 1, 2, 2)


def norm(x, weights, name):
    keys = ("running_mean", "running_var", "weight", "bias")
    return F.batch_norm(x, *(weights[f"{name}.{key}"] for key in keys))


def transcribed(x, weights, layers):
    """The public code's output, signed, by plain convolutions under the names of its weights."""
    x = F.conv3d(x, weights["conv1.weight"], None, (1, 2, 2), (0, 3, 3))
    x = F.max_pool3d(norm(x, weights, "bn1").relu(), (1, 3, 3), (1, 2, 2), (0, 1, 1))
    for layer, blocks in enumerate(layers, start=1):
        over_time = layer > 2
        for block in range(blocks):
            at, step = f"layer{layer}.{block}", 2 if layer > 1 and block == 0 else 1
            stride, padding = (step if over_time else 1, step, step), (int(over_time), 1, 1)
            branch = F.conv3d(x, weights[f"{at}.conv1.weight"], None, stride, padding)
            branch = norm(branch, weights, f"{at}.bn1").relu()
            branch = F.conv3d(branch, weights[f"{at}.conv2.weight"], None, 1, padding)
            branch = norm(branch, weights, f"{at}.bn2")
            if step == 2:
                x = F.conv3d(x, weights[f"{at}.downsample.0.weight"], None, stride)
                x = norm(x, weights, f"{at}.downsample.1")
            x = branch + x
            if (layer, block) != (4, blocks - 1):
                x = x.relu()
    return x


def test_equals_a_plain_transcription():
    ours = scrambled(build_encoder(declared(sized(8)), seed=0))
    clips = torch.randn(2, 3, 5, 40, 33, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        theirs = transcribed(clips, ours.state_dict(), EIGHTEEN)
        signed, maps = ours.signed(clips), ours.maps(clips)
    assert theirs.min() < 0 < theirs.max()
    torch.testing.assert_close(signed, theirs, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(maps, theirs.relu(), rtol=1e-4, atol=1e-5)


def test_the_first_two_stages_do_not_mix_frames():
    encoder = build_encoder(declared(sized(4)), seed=0).eval()
    clips = torch.randn(1, 3, 4, 32, 32)
    changed = clips.clone()
    changed[:, :, 1] += 1
    with torch.no_grad():
        one, other = encoder.stages(clips), encoder.stages(changed)
    for before, after in zip(one[:2], other[:2], strict=True):
        same = (before == after).flatten(3).all(dim=3).all(dim=1)[0]
        assert same.tolist() == [True, False, True, True]
    assert not torch.equal(one[2][:, :, 0], other[2][:, :, 0])
