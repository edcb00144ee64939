"""Dropped frames and their weights' gradient, by hand."""

import torch

from fame.pretext.toolbox.frame_drop import without_lowest

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
