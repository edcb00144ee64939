"""Pieces of clips in another order and back."""

import torch

from fame.pretext.toolbox.pieces import reordered, restored

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
