"""Residual blocks: shortcuts, and the stages that they are put together to."""

import pytest
import torch

from fame.models.blocks.residual import (
    Basic,
    HaraBasic,
    HaraFlat,
    ZeroPadded,
    projection,
    stage,
    stages,
)


def test_shortcut_a_picks_positions_and_adds_zero_channels():
    x = torch.randn(2, 3, 4, 5, 3)
    out = ZeroPadded(5, 2)(x)
    assert out.shape == (2, 5, 2, 3, 2)
    assert torch.equal(out[:, :3], x[:, :, [0, 2]][..., [0, 2, 4], :][..., [0, 2]])
    assert out[:, 3:].abs().max() == 0


@pytest.mark.parametrize("block", [Basic, HaraBasic])
def test_a_block_is_the_relu_of_a_sum(block):
    torch.manual_seed(0)
    shortcut = projection(3, 4, 2)
    part = block(3, 4, 2, shortcut).eval()
    x = torch.randn(2, 3, 3, 5, 4)
    with torch.no_grad():
        expected = part.branch(x) + shortcut(x)
        assert torch.equal(part.signed(x), expected)
        assert torch.equal(part(x), expected.relu())


def test_stages_double_their_channels_and_halve_their_maps():
    parts = stages(2, (1, 2, 1, 3), Basic, projection)
    assert {name: len(part) for name, part in parts.items()} == {
        "layer1": 1, "layer2": 2, "layer3": 1, "layer4": 3
    }  # fmt: skip
    x, sizes = torch.randn(2, 2, 8, 9, 8), []
    for part in parts.values():
        x = part(x)
        sizes.append(tuple(x.shape[1:]))
    assert sizes == [(2, 8, 9, 8), (4, 4, 5, 4), (8, 2, 3, 2), (16, 1, 2, 1)]
    changing = [part[0].downsample is not None for part in parts.values()]
    assert changing == [False, True, True, True]


def test_a_flat_block_leaves_time_alone():
    def flat(inputs, outputs, stride):
        return projection(inputs, outputs, (1, stride, stride))

    part = stage(3, 4, 2, 2, HaraFlat, flat).eval()
    assert part[0].conv1.weight.shape == (4, 3, 1, 3, 3)
    x = torch.randn(2, 3, 3, 6, 4)
    with torch.no_grad():
        whole = part(x)
        assert whole.shape == (2, 4, 3, 3, 2)
        torch.testing.assert_close(whole[:, :, 1:2], part(x[:, :, 1:2]))


def test_a_stage_has_a_shortcut_where_channels_or_stride_change():
    for inputs, stride, changes in ((4, 1, False), (4, 2, True), (3, 1, True)):
        part = stage(inputs, 4, 2, stride, HaraBasic, projection)
        assert [block.downsample is not None for block in part] == [changes, False]
