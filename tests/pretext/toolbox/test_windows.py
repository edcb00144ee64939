"""CBT's windows: which frames, which is masked, and how guesses are compared."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from fame.pretext.toolbox.windows import Windows, hits_in_video, masked_scores, repeats

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


def test_windows_follow_one_another_and_each_is_masked_as_often():
    draw, random = Windows(4, 2, 3), np.random.default_rng(0)
    drawn = [draw(30, random) for _ in range(3000)]
    for one in drawn:
        assert one.frames.shape == (3, 4)
        assert (np.diff(one.frames.ravel()) == 2).all() and one.frames.max() < 30
    counts = np.bincount([int(one.labels[0]) for one in drawn], minlength=3)
    assert abs(counts - 1000).max() < 4 * (3000 * 2 / 9) ** 0.5
    assert {int(one.frames[0, 0]) for one in drawn} == set(range(7))


def test_short_videos_loop_and_repeats_are_known():
    numbers = Windows(4, 1, 3)(8, np.random.default_rng(0)).frames
    assert np.array_equal(numbers[2], numbers[0])
    frames = torch.from_numpy(numbers)[None].repeat(2, 1, 1)
    found = repeats(frames, torch.tensor([0, 1]))
    assert found.tolist() == [[False, False, True], [False] * 3]
