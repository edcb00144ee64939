"""Partners: by hand, never of the own video, from a bank or from the batch."""

import torch
from method_runs import WORLD

from fame.pretext.toolbox.memory.most_alike import Partners, partners

LOOKS = torch.tensor([[0.7071, 0.7071], [0.0, 1.0], [0.98058, -0.19612]])
QUERIES = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
OF = torch.tensor([10, 11, 12])
SPEEDS = torch.tensor([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]])


def test_the_most_alike_of_another_video_by_hand():
    assert partners(QUERIES, torch.tensor([0, 1]), LOOKS, OF).tolist() == [2, 0]
    # Entry 2 is of the first query's own video: the next best.
    assert partners(QUERIES, torch.tensor([12, 1]), LOOKS, OF).tolist() == [0, 0]


def test_a_bank_is_used_once_it_is_full_and_before_the_newest_join_it():
    both = Partners(3, 2, WORLD)
    assert both(LOOKS[:2], SPEEDS[:2], OF[:2]) is None
    assert both(LOOKS[2:], SPEEDS[2:], OF[2:]) is None
    found = both(QUERIES, torch.zeros(2, 2), torch.tensor([0, 1]))
    assert found[:, 0].tolist() == [3, 1]
    assert both.bank.videos.tolist() == [0, 1, 12]


def test_without_a_bank_the_batch_takes_its_place():
    found = Partners(0, 2, WORLD)(LOOKS, SPEEDS, OF)
    assert found[:, 0].tolist() == [2, 1, 1]


def test_two_clips_of_one_video_are_never_partners():
    found = Partners(0, 2, WORLD)(LOOKS, SPEEDS, torch.tensor([10, 11, 10]))
    assert found[0, 0] == found[2, 0] == 2
