"""GDT's network for sound."""

import pytest
import torch

from fame.models.audio_resnet import AudioResNet9


def test_at_full_width_it_has_the_published_size_and_maps():
    network = AudioResNet9(64)
    assert sum(weight.numel() for weight in network.parameters()) == 4_899_520
    sizes, x = [], torch.zeros(1, 1, 40, 99)
    with torch.no_grad():
        x = network.eval().stem(x)
        for stage in network.stages:
            x = stage(x)
            sizes.append(tuple(x.shape[1:]))
    assert sizes == [(64, 10, 25), (128, 5, 13), (256, 3, 7), (512, 2, 4)]
    assert network.feature_dim == 512


@pytest.mark.parametrize("width", [1, 8])
def test_narrow_forms_take_short_sounds(width):
    found = AudioResNet9(width)(torch.randn(4, 1, 40, 31))
    assert found.shape == (4, 8 * width) and (found >= 0).all()
