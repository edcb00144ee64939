import pytest
import torch

from fame.core.errors import FameError
from fame.pretext.toolbox.views.rearranged import (
    QUADRANTS,
    REARRANGEMENTS,
    check_even,
    rearranged,
)

SQUARE = torch.arange(16.0).view(1, 1, 1, 4, 4)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (0, [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11], [12, 13, 14, 15]]),
        (1, [[3, 7, 11, 15], [2, 6, 10, 14], [1, 5, 9, 13], [0, 4, 8, 12]]),
        (2, [[15, 14, 13, 12], [11, 10, 9, 8], [7, 6, 5, 4], [3, 2, 1, 0]]),
        (QUADRANTS, [[10, 11, 8, 9], [14, 15, 12, 13], [2, 3, 0, 1], [6, 7, 4, 5]]),
    ],
)
def test_a_square_by_hand(chosen, expected):
    assert rearranged(SQUARE, torch.tensor([chosen]))[0, 0, 0].tolist() == expected


def test_each_clip_has_its_own_change_the_same_in_all_frames():
    clips = torch.rand(5, 3, 2, 6, 6, generator=torch.Generator().manual_seed(0))
    chosen = torch.tensor([4, 3, 0, 1, 2])
    changed = rearranged(clips, chosen)
    for row, number in enumerate(chosen.tolist()):
        for colour in range(3):
            for frame in range(2):
                plain = clips[row, colour, frame]
                expected = plain.rot90(number) if number < 4 else torch.roll(plain, (3, 3), (0, 1))
                assert torch.equal(changed[row, colour, frame], expected)
    assert REARRANGEMENTS == 5


def test_an_odd_side_has_no_quadrants():
    check_even(16, "mine")
    with pytest.raises(FameError, match=r"'mine' cuts views into quadrants.* 15 pixels.*even"):
        check_even(15, "mine")


X = torch.tensor([[1, 2], [3, 4]])
TURNED = [[[1, 2], [3, 4]], [[2, 4], [1, 3]], [[4, 3], [2, 1]], [[3, 1], [4, 2]]]


def test_the_four_turns_by_hand():
    clips = X.expand(4, 1, 1, 2, 2)
    result = rearranged(clips, torch.arange(4))
    assert result[:, 0, 0].tolist() == TURNED
    assert (clips == X).all()


def test_a_flip_after_a_turn_is_another_turn_after_the_flip():
    """So the flip must come first, or the labels 1 and 3 could not be distinguished."""

    def turn(picture, number):
        return rearranged(picture[None, None, None], torch.tensor([number]))[0, 0, 0]

    assert turn(X, 1).fliplr().tolist() == turn(X.fliplr(), 3).tolist() == [[4, 2], [3, 1]]
    assert turn(X.fliplr(), 1).tolist() == [[1, 3], [2, 4]]


def test_time_and_colours_keep_their_places():
    clips = torch.arange(2 * 3 * 4 * 25).view(2, 3, 4, 5, 5)
    result = rearranged(clips, torch.tensor([3, 0]))
    assert torch.equal(result[1], clips[1])
    for colour in range(3):
        for t in range(4):
            assert torch.equal(result[0, colour, t], clips[0, colour, t].T.flip(1))
