"""Dense contrast of predicted and true maps."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from fame.pretext.toolbox.losses.dense import dense_scores, hits_at_place


def test_scores_and_losses_by_hand():
    predicted = torch.tensor([[0.6666667, 1.0], [0.75, 0.75]])[:, None, :, None, None]
    true = torch.tensor([[1.0, 1], [2, -1]])[:, None, :, None, None]
    scores, targets = dense_scores(predicted, true)
    expected = torch.tensor([[1.666667, 0.333333], [1.5, 0.75]])
    torch.testing.assert_close(scores, expected, rtol=0, atol=1e-6)
    losses = cross_entropy(scores, targets, reduction="none")
    torch.testing.assert_close(losses, torch.tensor([0.233963, 1.136871]), rtol=0, atol=1e-6)
    assert losses.mean().item() == pytest.approx(0.685417, abs=1e-6)


def test_rows_go_by_video_block_and_place():
    predicted, true = torch.randn(2, 3, 5, 2, 4), torch.randn(2, 3, 5, 2, 4)
    scores, targets = dense_scores(predicted, true)
    assert scores.shape == (48, 48) and torch.equal(targets, torch.arange(48))

    def row(video, block, y, x):
        return ((video * 3 + block) * 2 + y) * 4 + x

    for one, other in (((1, 2, 0, 3), (0, 1, 1, 2)), ((0, 0, 0, 0), (1, 2, 1, 3))):
        (a, b, y, x), (c, d, v, u) = one, other
        dot = predicted[a, b, :, y, x] @ true[c, d, :, v, u]
        torch.testing.assert_close(scores[row(*one), row(*other)], dot)


def test_hits_at_the_same_place_by_hand():
    # Two blocks of two places. Right but for block 1 at place 1, which prefers block 0's; the
    # preference of block 0, place 0 for place 1 does not count.
    scores = torch.tensor(
        [[1.0, 9, 0, 9], [0, 5, 0, 1], [0, 0, 2, 0], [0, 4, 0, 3]],
    )
    assert hits_at_place(scores, 2).item() == 0.75
