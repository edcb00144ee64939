"""Pieces of clips in another order and back, and the loss that matches them, by hand."""

import math

import pytest
import torch

from fame.pretext.toolbox.losses.pieces import CAP, matched, piece_loss, reordered, restored

ORDER = torch.tensor([[2, 0, 1], [0, 1, 2]])


def test_the_pieces_by_hand():
    clips = torch.arange(6.0).view(1, 1, 6, 1, 1).expand(2, 3, 6, 2, 2)
    result = reordered(clips, ORDER)
    assert result.shape == clips.shape
    assert result[0, 1, :, 1, 0].tolist() == [4, 5, 0, 1, 2, 3]
    assert torch.equal(result[1], clips[1])


def test_their_vectors_are_put_back():
    clips = torch.arange(6.0).view(1, 1, 6, 1, 1).expand(2, 1, 6, 1, 1)
    vectors = reordered(clips, ORDER).view(2, 3, 2)
    assert torch.equal(restored(vectors, ORDER), clips.reshape(2, 3, 2))


FIRST = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
SECOND = torch.tensor([[[0.8, 0.6], [0.6, 0.8]]])


@pytest.mark.parametrize(("theta", "expected"), [(0.05, 0.409532), (0.5, 0.259478)])
def test_two_segments_by_hand(theta, expected):
    assert piece_loss(FIRST, SECOND, theta).item() == pytest.approx(expected, abs=1e-5)


def test_perfect_and_collapsed_segments():
    assert piece_loss(FIRST, FIRST, 0.05).item() == pytest.approx(1e-9, abs=1e-9)
    equal = FIRST[:, :1].expand(3, 2, 2)
    assert piece_loss(equal, equal, 0.05).tolist() == pytest.approx([math.log(2) / 2] * 3)


def test_three_segments_by_plain_loops():
    generator = torch.Generator().manual_seed(0)
    first, second = torch.rand(2, 4, 3, 5, generator=generator)
    for row, loss in enumerate(piece_loss(first, second, 0.2).tolist()):
        vectors = torch.cat([first[row], second[row]])
        terms = []
        for a in range(6):
            for m in set(range(6)) - {a, (a + 3) % 6}:
                gap = vectors[a] @ vectors[m] - vectors[a] @ vectors[(a + 3) % 6]
                terms.append(math.log(1 + math.exp(min(gap.item() / 0.2, CAP))))
        assert loss == pytest.approx(0.5 * sum(terms) / len(terms), rel=1e-5)


def test_pieces_found_again():
    assert matched(FIRST, SECOND).item() == 1
    assert matched(FIRST, SECOND.flip(1)).item() == 0
    assert matched(FIRST, SECOND[:, [0, 0]]).item() == 0.5
