"""Contrast of pairs by hand, with and without own negatives."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from fame.pretext.toolbox.pairs import contrast_pairs

FIRST = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
SECOND = torch.tensor([[0.8, 0.6], [-0.6, 0.8]])
OWN = torch.tensor([[[0.0, 1.0], [0.6, 0.8]], [[1.0, 0.0], [0.8, -0.6]]])


def terms(*parts):
    return cross_entropy(*contrast_pairs(*parts), reduction="none")


def test_by_hand():
    found = terms(FIRST, SECOND, 0.5).view(2, 2).T.flatten()  # video by video
    expected = [0.233257, 0.627123, 0.627123, 0.233257]
    assert found.tolist() == pytest.approx(expected, abs=2e-6)


def test_own_negatives_by_hand():
    found = terms(FIRST, SECOND, 0.5, OWN).view(2, 2).T.flatten()
    expected = [0.758431, 1.366006, 0.758431, 0.302410]
    assert sorted(found.tolist()) == pytest.approx(sorted(expected), abs=2e-6)
    assert found.mean().item() == pytest.approx(0.796319, abs=2e-6)


def test_it_has_a_gradient_though_a_clip_is_not_its_own_negative():
    first = FIRST.clone().requires_grad_()
    terms(first, SECOND, 0.5).mean().backward()
    assert first.grad.isfinite().all() and first.grad.any()
