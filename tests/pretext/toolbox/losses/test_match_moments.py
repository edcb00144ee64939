"""Matching of moments by hand, and at a single moment."""

import pytest
import torch

from fame.pretext.toolbox.losses.match_moments import match_moments


def test_by_hand():
    first = torch.tensor([[[1.0, 1.0], [0.0, 0.0]]])  # (1, D, t)
    second = first.flip(1)
    overview = torch.tensor([[[0.8, 0.6], [0.6, 0.8]]])
    found = match_moments(first, second, overview, 0.5)
    assert found.item() == pytest.approx(0.513015, abs=1e-6)


def test_moments_of_both_clips_are_halved_in_order():
    moments = torch.eye(4)[None]  # the overview's four moments, all different
    first = moments[:, :, [0, 0, 1, 1]]
    second = moments[:, :, [2, 2, 3, 3]]
    assert match_moments(first, second, moments, 0.01) < 1e-6
    assert match_moments(second, first, moments, 0.01) > 10


def test_a_single_moment_costs_nothing():
    one = torch.rand(3, 4, 1, requires_grad=True)
    found = match_moments(one, one, one, 0.1)
    found.backward()
    assert found == 0 and not one.grad.any()
