"""VideoMoCo's generator: its size and shapes, and the frames that it drops."""

import pytest
import torch

from fame.pretext.toolbox.heads.frame_weights import LEAST, FrameWeights, without_lowest


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


WEIGHTS = torch.tensor([[0.1, 0.3, 0.05, 0.2, 0.15, 0.2]])


def test_the_lowest_two_of_six_become_their_mean():
    clips = torch.arange(24.0).view(1, 2, 6, 1, 2)
    clips[0, :, 2] = torch.tensor([[[1.0, 2.0]], [[3.0, 6.0]]])
    kept, dropped = without_lowest(clips, WEIGHTS, 2)
    assert dropped.tolist() == [[2, 0]]
    assert (kept[0, :, 2] == 3).all()
    assert (kept[0, :, 0] == clips[0, :, 0].mean()).all()
    assert torch.equal(kept[0, :, [1, 3, 4, 5]], clips[0, :, [1, 3, 4, 5]])


def test_of_equal_weights_the_earlier_is_dropped():
    _, dropped = without_lowest(torch.zeros(1, 1, 3, 1, 1), torch.full((1, 3), 1 / 3), 1)
    assert dropped.tolist() == [[0]]


def test_each_weight_gets_the_gradient_at_its_frame_dropped_or_not():
    weights = WEIGHTS.repeat(2, 1).requires_grad_()
    kept, _ = without_lowest(torch.rand(2, 3, 6, 2, 2), weights, 2)
    factors = torch.rand(2, 3, 6, 2, 2)
    (kept * factors).sum().backward()
    torch.testing.assert_close(weights.grad, factors.sum(dim=(1, 3, 4)))
