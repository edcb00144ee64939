"""Clips cut into blocks, and sequences of maps that are continued."""

import pytest
import torch

from fame.core.errors import FameError
from fame.pretext.toolbox.heads.blocks import blocks_of, continued, in_blocks


def test_the_number_of_blocks():
    assert blocks_of("memdpc", 40, 5, 3) == 8
    assert blocks_of("memdpc", 20, 5, 3) == 4


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        (
            19,
            "'memdpc' needs 20 frames to read a block of 5 and predict 3.*have 19; raise `frames`",
        ),
        (21, "cannot cut clips of 21 frames into blocks of 5; set options.length to a divisor"),
    ],
)
def test_clips_that_do_not_fit_are_refused(frames, words):
    with pytest.raises(FameError, match=words):
        blocks_of("memdpc", frames, 5, 3)


def test_blocks_follow_one_another():
    clips = torch.arange(2 * 6).view(2, 1, 6, 1, 1)
    first, second, third = (block.flatten(1).tolist() for block in in_blocks(clips, 3))
    assert (first, second, third) == ([[0, 1], [6, 7]], [[2, 3], [8, 9]], [[4, 5], [10, 11]])


def plain(x, state):
    return 10 * state + x


def test_true_maps_are_read_first_and_then_predictions():
    maps = torch.tensor([1.0, 2, 3, 4, 5]).view(1, 5, 1, 1, 1)
    found = continued(plain, lambda state: state + 0.5, maps, torch.ones(1, 4, 1, 1, 1), 2)
    # States 1, 12, 123: the fourth map is predicted as 123.5 and read, 1230 + 123.5.
    assert found.flatten().tolist() == [123.5, 1354.0]


def test_what_is_predicted_is_never_read():
    maps = torch.randn(2, 5, 3, 2, 2, requires_grad=True)
    found = continued(plain, torch.sin, maps, torch.ones(2, 4, 3, 2, 2), 3)
    assert found.shape == (2, 3, 3, 2, 2)
    found.sum().backward()
    assert maps.grad[:, :2].any() and not maps.grad[:, 2:].any()


def test_negative_parts_are_not_read_and_dropped_states_are_gone():
    maps = torch.tensor([-1.0, 2, 3, 7]).view(1, 4, 1, 1, 1)
    keep = torch.tensor([1.0, 0, 1]).view(1, 3, 1, 1, 1)
    found = continued(plain, lambda state: -state, maps, keep, 1)
    assert found.flatten().tolist() == [-3.0]  # 0; 2, dropped; 3
    found = continued(plain, lambda state: -state, maps, keep.flip(1) * 0 + 1, 2)
    assert found.flatten().tolist() == [-2.0, -20.0]  # -2 is read as 0
