"""Sinkhorn's codes by hand, and that prototypes are used equally."""

import pytest
import torch

from fame.pretext.toolbox.sinkhorn import sinkhorn

SCORES = torch.tensor([[0.9, 0.1], [0.8, 0.3], [0.7, 0.2], [0.1, 0.0]])


def test_by_hand():
    found = sinkhorn(SCORES, 0.5, 3)
    assert found[:, 0].tolist() == pytest.approx([0.656243, 0.511647, 0.511647, 0.320080], abs=1e-6)
    assert found.sum(dim=1).tolist() == pytest.approx([1] * 4)


def test_prototypes_are_used_equally_though_all_prefer_one():
    found = sinkhorn(SCORES, 0.05, 50)
    assert found.sum(dim=0).tolist() == pytest.approx([2, 2], abs=1e-3)


def test_the_hardest_scores_fit_into_float32():
    found = sinkhorn(torch.tensor([[1.0, -1.0], [-1.0, 1.0]]), 0.05, 3)
    torch.testing.assert_close(found, torch.eye(2))
