"""Pools are PyTorch's, but say what to change if the input is too small."""

import pytest
import torch
from torch import nn

from fame.core.errors import FameError
from fame.models.blocks.pooling import Pool3d

KINDS = [(2, 2, 0), ((1, 2, 2), (1, 2, 2), 0), (3, 2, 1), ((1, 3, 3), (1, 2, 2), (0, 1, 1))]


@pytest.mark.parametrize("kind", KINDS)
def test_equals_pytorchs(kind):
    x = torch.randn(2, 3, 5, 7, 4)
    assert torch.equal(Pool3d(*kind)(x), nn.MaxPool3d(*kind)(x))


@pytest.mark.parametrize(
    ("kind", "size"), [((2, 2), (1, 4, 4)), ((2, 2), (2, 4, 1)), (((1, 3, 3), 1), (1, 2, 3))]
)
def test_too_small_a_map_is_refused(kind, size):
    sizes = " x ".join(map(str, size))
    with pytest.raises(FameError, match=f"a map of {sizes} .* give the backbone more `frames`"):
        Pool3d(*kind)(torch.randn(1, 2, *size))


def test_padding_counts():
    assert Pool3d(3, 2, 1)(torch.ones(1, 1, 1, 1, 1)).shape == (1, 1, 1, 1, 1)
