"""Codes of pairs: each clip's own, with earlier scores once the bank is full."""

import torch
from method_runs import WORLD

from fame.pretext.toolbox.codes import Codes
from fame.pretext.toolbox.sinkhorn import sinkhorn

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
