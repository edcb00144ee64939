"""The error, the momentum and the monitor of learning without negatives, by hand."""

import pytest
import torch

from fame.pretext.toolbox.losses.predict import apart, mlp, rising, spread


def test_the_error_by_hand_whatever_the_lengths():
    predicted = torch.tensor([[1.0, 0.0], [1.2, 1.6], [3.0, 0.0], [-1.0, 0.0]])
    target = torch.tensor([[0.8, 0.6], [0.0, 5.0], [1.0, 0.0], [1.0, 0.0]])
    assert apart(predicted, target).tolist() == pytest.approx([0.4, 0.4, 0, 4])


def test_targets_get_no_gradient():
    predicted, target = (torch.rand(2, 3, requires_grad=True) for _ in range(2))
    apart(predicted, target).sum().backward()
    assert target.grad is None and predicted.grad is not None


def test_the_momentum_rises_from_its_first_value_to_one():
    values = [rising(0.99, epoch, 10) for epoch in range(11)]
    assert values[0] == 0.99 and values[5] == pytest.approx(0.995) and values[10] == 1
    assert values == sorted(values)


def test_one_point_has_no_spread_and_all_directions_have_most():
    assert spread(torch.ones(8, 4)) == 0
    assert spread(torch.eye(4).repeat(2, 1)).item() == pytest.approx((1 / 4 - 1 / 16) ** 0.5)


def test_heads_have_a_hidden_batchnorm():
    head = mlp(3, 5, 2)
    assert head(torch.rand(4, 3)).shape == (4, 2)
    assert isinstance(head[1], torch.nn.BatchNorm1d) and head[1].num_features == 5
