"""VideoMoCo's generator: its size and shapes."""

import pytest
import torch

from fame.pretext.toolbox.frame_weights import LEAST, FrameWeights


def test_it_has_the_releases_parameters():
    generator = FrameWeights(32, 112)
    assert sum(p.numel() for p in generator.parameters()) == 558_560
    assert generator.lstm.input_size == 13**2


@pytest.mark.parametrize(("frames", "size"), [(4, LEAST), (8, 32), (3, 17)])
def test_weights_of_every_frame_sum_to_one(frames, size):
    torch.manual_seed(0)
    weights = FrameWeights(frames, size)(torch.rand(2, 3, frames, size, size))
    assert weights.shape == (2, frames) and (weights > 0).all()
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(2))


def test_every_parameter_gets_a_gradient():
    torch.manual_seed(0)
    generator = FrameWeights(4, 32)
    generator(torch.rand(3, 3, 4, 32, 32))[:, 0].sum().backward()
    silent = [name for name, p in generator.named_parameters() if p.grad is None]
    assert silent == []
