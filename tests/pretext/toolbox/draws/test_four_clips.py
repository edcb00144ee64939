import numpy as np
import pytest
from chosen import assert_balanced
from hypothesis import given
from hypothesis import strategies as st

from fame.core.randomness import generator
from fame.pretext.toolbox.draws.four_clips import (
    FourClips,
    forward_backward,
    largest_doubling,
    warped,
)

DRAW = FourClips(16, 3)


@pytest.mark.parametrize(("n", "k"), [(15, 0), (31, 0), (32, 1), (127, 2), (128, 3), (5000, 3)])
def test_the_largest_speed_by_hand(n, k):
    assert largest_doubling(n, 16, 3) == k


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((6, 2, 1, 0), [0, 2, 4, 6, 7, 5]),
        ((6, 2, 1, 1), [2, 4, 6, 7, 5, 3]),
        ((6, 1, 0, 0), [0, 1, 2, 3, 3, 2]),
        ((6, 1, 1, 2), [2, 3, 4, 3, 2, 1]),
        ((16, 4, 3, 12), [48, 52, 55, 51, 47, 43, 39, 35, 31, 27, 23, 19, 15, 11, 7, 3]),
        ((4, 2, 1, 0), [0, 2, 3, 1]),
    ],
)
def test_forward_and_backward_by_hand(given, expected):
    assert forward_backward(*given).tolist() == expected


def test_a_warp_by_hand():
    assert warped(np.array([2, 1, 3, 1])).tolist() == [2, 3, 6, 7]


def drawn(n, seed):
    one = DRAW(n, np.random.default_rng(seed))
    return one.frames, int(one.labels[0])


@given(st.integers(16, 300), st.integers(0, 999))
def test_each_clip_is_as_its_place_says(n, seed):
    (untouched, both_ways, shuffled, warp), k = drawn(n, seed)
    step, largest = 1 << k, largest_doubling(n, 16, 3)
    assert k <= largest
    assert (np.diff(untouched) == step).all()
    assert sorted(shuffled) == list(range(min(shuffled), min(shuffled) + 16))
    steps = np.diff(warp)
    assert (steps > 0).all()
    assert largest < 2 or (steps <= 1 << largest).all()
    assert_runs_out_and_back(both_ways, step)
    for clip in (untouched, both_ways, shuffled, warp):
        assert ((clip >= 0) & (clip < n)).all()


def assert_runs_out_and_back(clip, step):
    moves = np.diff(clip)
    turn = int(np.argmax(moves != step))
    assert (moves[:turn] == step).all() and (moves[turn + 1 :] == -step).all()
    # At step 1 a shift of 1 goes one frame further before it turns.
    assert int(moves[turn]) in ((0, -1) if step == 1 else range(1, step))
    if step > 1:  # frames of the way back fall between those of the way out
        assert len(set(clip.tolist())) == 16


@given(st.integers(1, 15), st.integers(0, 999))
def test_videos_shorter_than_a_clip_loop(n, seed):
    (untouched, both_ways, shuffled, warp), k = drawn(n, seed)
    assert k == 0
    assert (np.diff(untouched) % n == 1 % n).all()
    assert set(untouched) == set(range(n)) == set(shuffled)
    for clip in (both_ways, warp):
        assert ((clip >= 0) & (clip < n)).all()


def test_speeds_are_balanced_and_every_kind_of_clip_uses_its_room():
    many = [DRAW(140, generator(0, "clip-starts", 0, video)) for video in range(3000)]
    assert_balanced([int(one.labels[0]) for one in many], 4)
    frames = np.stack([one.frames for one in many])
    fast = frames[[int(one.labels[0]) == 3 for one in many], 0]
    assert set(fast[:, 0]) == set(range(13))
    identity = [(np.diff(clip) == 1).all() for clip in frames[:, 2]]
    assert not any(identity)
