"""Multiplications of a clip, against a sum by hand."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from fame.config.reading import load_scale
from fame.models import build_encoder
from fame.models import multiplications as module
from fame.models.multiplications import multiplications


@pytest.fixture
def backbone():
    return load_scale("mini").backbones["r2plus1d"]


class OneLayer(nn.Module):
    """A convolution of 3 to 4 channels by 2 x 3 x 3, padded over space, and a ReLU."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv3d(3, 4, (2, 3, 3), padding=(0, 1, 1), bias=False)

    def maps(self, x):
        return self.conv(x).relu()


def test_one_layer_by_hand(backbone, monkeypatch):
    monkeypatch.setattr(module, "build_encoder", lambda spec, seed: OneLayer())
    places = (backbone.frames - 1) * backbone.size**2
    assert multiplications(backbone) == places * 4 * 3 * 2 * 3 * 3


class Looks(OneLayer):
    """Its layers look at values, and another product follows."""

    def maps(self, x):
        assert not x.max().item()
        seen = super().maps(x).flatten(2)
        return seen.transpose(1, 2) @ seen[:, :, :5]


def test_what_looks_at_values_is_counted_with_products_that_have_no_weights(backbone, monkeypatch):
    monkeypatch.setattr(module, "build_encoder", lambda spec, seed: Looks())
    places = (backbone.frames - 1) * backbone.size**2
    assert multiplications(backbone) == places * 4 * (3 * 2 * 3 * 3 + 5)


def test_what_fails_is_not_counted(backbone, monkeypatch):
    class Fails(OneLayer):
        def maps(self, x):
            return super().maps(x[:, :2])

    monkeypatch.setattr(module, "build_encoder", lambda spec, seed: Fails())
    assert multiplications(backbone) is None


def test_equals_pytorchs_own_counter(backbone):
    encoder = build_encoder(backbone.encoder, seed=0).eval()
    clip = torch.zeros(1, 3, backbone.frames, backbone.size, backbone.size)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        encoder.maps(clip)
    assert multiplications(backbone) == counter.get_total_flops() / 2


def test_every_backbone_is_counted_and_no_random_number_is_drawn():
    state = torch.get_rng_state()
    assert all(multiplications(one) for one in load_scale("mini").backbones.values())
    assert torch.equal(state, torch.get_rng_state())
