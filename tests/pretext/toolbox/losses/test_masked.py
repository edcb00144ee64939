"""CBT's contrast among windows."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from fame.pretext.toolbox.losses.masked import hits_in_video, masked_scores

TRUE = torch.tensor([[[1.0, 0], [0.8, 0.6], [0, 1]], [[-1, 0], [0, -1], [0.6, -0.8]]])
GUESSED = torch.tensor([[0.7071068, 0.7071068], [0.7071068, -0.7071068]])
MASKED = torch.tensor([1, 2])
NONE = torch.zeros(2, 3, dtype=torch.bool)


def test_losses_by_hand():
    logits = masked_scores(GUESSED, TRUE, NONE, 0.5).flatten(1)
    losses = cross_entropy(logits, torch.tensor([1, 5]), reduction="none")
    torch.testing.assert_close(losses, torch.tensor([0.836012, 0.869746]), rtol=0, atol=1e-5)
    assert losses.mean().item() == pytest.approx(0.852879, abs=1e-5)


def test_windows_left_out_do_not_count_against_their_own_video():
    left_out = torch.tensor([[False, False, True], [False] * 3])
    logits = masked_scores(GUESSED, TRUE, left_out, 0.5)
    whole = masked_scores(GUESSED, TRUE, NONE, 0.5)
    assert (logits == -torch.inf).nonzero().tolist() == [[0, 0, 2]]
    others = logits.isfinite()
    assert torch.equal(logits[others], whole[others])


def test_hits_within_a_video():
    logits = masked_scores(GUESSED, TRUE, NONE, 0.5)
    assert hits_in_video(logits, MASKED) == 1
    logits[0, 1] = 100  # another video's windows do not count
    assert hits_in_video(logits, MASKED) == 1
    assert hits_in_video(logits, torch.tensor([0, 2])) == 0.5
