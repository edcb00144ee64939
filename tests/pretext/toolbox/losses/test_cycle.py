"""CCL's losses by hand, and where they are least."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from fame.pretext.toolbox.losses.cycle import among_frames, among_videos, cycle, sameness

VIDEOS = torch.eye(2)
FRAMES = torch.tensor([[[0.8, 0.6], [1.0, 0.0]], [[0.6, 0.8], [-0.4472136, 0.8944272]]])


def test_the_cycle_by_hand():
    logits, targets = cycle(VIDEOS, FRAMES, 0.5)
    assert targets.tolist() == [0, 1]
    assert (0.5 * logits[0]).tolist() == pytest.approx([0.818908, 0.372943], abs=1e-5)
    losses = cross_entropy(logits, targets, reduction="none")
    assert losses.tolist() == pytest.approx([0.343493, 0.323079], abs=1e-5)


def test_the_videos_by_hand():
    expected = (0.139730 + 0.127895) / 2
    assert among_videos(VIDEOS, FRAMES, 0.5).item() == pytest.approx(expected, abs=1e-5)


def test_the_frames_by_hand():
    assert among_frames(VIDEOS, FRAMES, 0.5).item() == pytest.approx(0.692858, abs=1e-5)


def test_frames_of_a_video_that_are_too_alike_cost():
    # Cosines of .8 and .44724: only the first exceeds .5.
    assert sameness(FRAMES, 0.5).item() == pytest.approx(0.15)
    assert sameness(FRAMES, 0.9) == 0
    assert sameness(torch.ones(2, 3, 1), 0.9).item() == pytest.approx(0.1)


def test_a_frame_of_the_own_video_is_no_negative():
    twins = torch.tensor([[[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]]])
    expected = torch.log1p(2 * torch.tensor(-2.0).exp())  # two frames of the other video
    assert among_frames(VIDEOS, twins, 0.5).item() == pytest.approx(expected.item(), abs=1e-6)
