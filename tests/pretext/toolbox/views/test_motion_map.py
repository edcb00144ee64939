import numpy as np
import pytest
import torch

from fame.pretext.toolbox.views.motion_map import motion_map, motion_of_pieces, stills


def pictures(pieces=2, side=112, seed=0):
    return torch.rand(
        2,
        3,
        pieces,
        4,
        side,
        side,
        generator=torch.Generator().manual_seed(seed),
        dtype=torch.float64,
    )


def test_which_frames_are_compared():
    assert stills(16).tolist() == [0, 5, 10, 15]
    assert stills(8).tolist() == [0, 2, 5, 7]


def slow(piece):
    """13 x 13 averages of one piece's squared differences, (C, 4, 112, 112), by plain loops."""
    change = ((piece[:, 1:] - piece[:, :-1]) ** 2).mean(1)
    coarse = np.zeros((3, 13, 13))
    for row in range(13):
        for column in range(13):
            there = change[:, 7 * row : 7 * row + 28, 7 * column : 7 * column + 28]
            coarse[:, row, column] = there.mean((1, 2))
    low, high = coarse.min((1, 2), keepdims=True), coarse.max((1, 2), keepdims=True)
    return 0.8 + 1.2 * (coarse - low + 1e-6) / (high - low + 1e-6)


def test_the_motion_of_pieces_by_plain_loops():
    given = pictures()
    motion = motion_of_pieces(given)
    assert motion.shape == (2, 3, 2, 112, 112)
    for video in range(2):
        for piece in range(2):
            coarse = torch.from_numpy(slow(given[video, :, piece].numpy()))[None]
            fine = torch.nn.functional.interpolate(coarse, (112, 112), mode="bilinear")[0]
            torch.testing.assert_close(motion[video, :, piece], fine)


def test_a_moving_corner_weighs_most_and_a_still_piece_one():
    given = torch.zeros(1, 3, 2, 4, 32, 32)
    given[0, :, 1, 1, :8, :8] = 1
    motion = motion_of_pieces(given)
    assert (motion[0, :, 0] == 1).all()
    assert motion[0, :, 1].max().item() == motion[0, 0, 1, 0, 0].item() == pytest.approx(2)
    assert motion[0, 0, 1, 31, 31].item() == pytest.approx(0.8, abs=1e-3)


def test_pieces_cover_the_frames_evenly():
    given = pictures(pieces=8, side=16)
    single = motion_of_pieces(given)
    weights = motion_map(given, torch.tensor([8, 2]), 32)
    assert weights.shape == (2, 3, 32, 16, 16)
    for moment in range(32):
        assert torch.equal(weights[0, :, moment], single[0, :, moment // 4])
        assert torch.equal(weights[1, :, moment], single[1, :, moment // 16])
    alone = motion_map(given, torch.tensor([1, 4]), 32)
    assert torch.equal(alone[0, :, 31], single[0, :, 0])
    assert torch.equal(alone[1, :, 31], single[1, :, 3])
