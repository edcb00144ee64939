"""Turns of square clips, by hand."""

import torch

from fame.pretext.toolbox.rotation import turned

X = torch.tensor([[1, 2], [3, 4]])
TURNED = [[[1, 2], [3, 4]], [[2, 4], [1, 3]], [[4, 3], [2, 1]], [[3, 1], [4, 2]]]


def test_the_four_turns_by_hand():
    clips = X.expand(4, 1, 1, 2, 2)
    result = turned(clips, torch.arange(4))
    assert result[:, 0, 0].tolist() == TURNED
    assert (clips == X).all()


def test_a_flip_after_a_turn_is_another_turn_after_the_flip():
    """So the flip must come first, or the labels 1 and 3 could not be distinguished."""

    def turn(picture, number):
        return turned(picture[None, None, None], torch.tensor([number]))[0, 0, 0]

    assert turn(X, 1).fliplr().tolist() == turn(X.fliplr(), 3).tolist() == [[4, 2], [3, 1]]
    assert turn(X.fliplr(), 1).tolist() == [[1, 3], [2, 4]]


def test_time_and_colours_keep_their_places():
    clips = torch.arange(2 * 3 * 4 * 25).view(2, 3, 4, 5, 5)
    result = turned(clips, torch.tensor([3, 0]))
    assert torch.equal(result[1], clips[1])
    for colour in range(3):
        for t in range(4):
            assert torch.equal(result[0, colour, t], clips[0, colour, t].T.flip(1))
