"""Shapes of an encoder's stages, found without changing it."""

import pytest
import torch
from slow_moco import Tiny

from fame.core.errors import FameError
from fame.models.backbones.r2plus1d import R2Plus1DSettings, build
from fame.pretext.toolbox.heads.stage_shapes import stage_shapes


def test_they_are_those_of_the_maps_and_nothing_changes():
    encoder = build(
        R2Plus1DSettings(arch="r2plus1d", width=4, layers=(1, 1, 1, 1), round_middle=4)
    ).train()
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    found = stage_shapes(encoder, 8, 16)
    assert found[-3:] == [(8, 4, 4, 4), (16, 2, 2, 2), (32, 1, 1, 1)]
    assert encoder.training and all(module.training for module in encoder.modules())
    assert all(torch.equal(before[name], now) for name, now in encoder.state_dict().items())


def test_encoders_without_stages_are_refused():
    with pytest.raises(FameError, match="offers its last map only"):
        stage_shapes(Tiny(), 8, 16)
