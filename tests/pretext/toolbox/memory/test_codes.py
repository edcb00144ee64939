"""Codes of pairs: each clip's own, with earlier scores once the bank is full."""

import pytest
import torch
from method_runs import WORLD

from fame.pretext.toolbox.memory.codes import Codes, sinkhorn

SCORES = torch.rand(3, 2, 4, generator=torch.Generator().manual_seed(0))
VIDEOS = torch.tensor([5, 6, 7])


def test_both_clips_have_codes_of_their_own():
    found = Codes(0, 4, WORLD)(SCORES, VIDEOS, True, 0.05, 3)
    assert found.shape == (3, 2, 4)
    for clip in range(2):
        torch.testing.assert_close(found[:, clip], sinkhorn(SCORES[:, clip], 0.05, 3))


def test_earlier_scores_take_part_once_the_bank_is_full_and_they_are_asked_for():
    codes = Codes(6, 4, WORLD)
    alone = codes(SCORES, VIDEOS, True, 0.05, 3)
    torch.testing.assert_close(codes(SCORES, VIDEOS, True, 0.05, 3), alone)  # half full
    others = 1 - SCORES
    before = torch.cat([others[:, 0], SCORES[:, 0], SCORES[:, 0]])
    expected = sinkhorn(before, 0.05, 3)[:3]
    unasked = codes.bank.vectors.clone()
    torch.testing.assert_close(codes(others, VIDEOS, True, 0.05, 3)[:, 0], expected)
    codes.bank.vectors.copy_(unasked)
    plain = codes(others, VIDEOS, False, 0.05, 3)[:, 0]
    torch.testing.assert_close(plain, sinkhorn(others[:, 0], 0.05, 3))


PREFERRED = torch.tensor([[0.9, 0.1], [0.8, 0.3], [0.7, 0.2], [0.1, 0.0]])


def test_by_hand():
    found = sinkhorn(PREFERRED, 0.5, 3)
    assert found[:, 0].tolist() == pytest.approx([0.656243, 0.511647, 0.511647, 0.320080], abs=1e-6)
    assert found.sum(dim=1).tolist() == pytest.approx([1] * 4)


def test_prototypes_are_used_equally_though_all_prefer_one():
    found = sinkhorn(PREFERRED, 0.05, 50)
    assert found.sum(dim=0).tolist() == pytest.approx([2, 2], abs=1e-3)


def test_the_hardest_scores_fit_into_float32():
    found = sinkhorn(torch.tensor([[1.0, -1.0], [-1.0, 1.0]]), 0.05, 3)
    torch.testing.assert_close(found, torch.eye(2))
