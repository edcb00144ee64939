"""Channels of Inception blocks: those of I3D, and what each takes from the one before."""

import pytest

from fame.models.backbones.i3d import published
from fame.models.blocks.inception_sizes import blocks, feature_dim, scaled


def test_published_blocks():
    sizes = blocks(64)
    assert [inputs for inputs, _ in sizes.values()] == [192, 256, 480, 512, 512, 512, 528, 832, 832]
    assert list(sizes) == ["3b", "3c", "4b", "4c", "4d", "4e", "4f", "5b", "5c"]
    assert sizes["4d"] == (512, (128, 128, 256, 24, 64, 64))
    assert feature_dim(64) == 1024


@pytest.mark.parametrize("width", [1, 8, 20, 64, 100])
def test_scaled_as_i3d(width):
    assert feature_dim(width) == published(width).feature_dim
    assert all(c % 4 == 0 and c > 0 for _, branches in blocks(width).values() for c in branches)


def test_channels_are_rounded_to_the_nearest_multiple_of_four():
    assert [scaled(channels, 8) for channels in (16, 48, 64, 192, 208)] == [4, 8, 8, 24, 28]
