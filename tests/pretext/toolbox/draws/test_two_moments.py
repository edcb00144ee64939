"""Two moments of a video: frames, directions, onsets, distances."""

import numpy as np
import pytest

from fame.pretext.toolbox.draws.two_moments import TwoMoments

SLOTS = ((0, False), (0, True), (1, False), (1, True))


def drawn(n, apart=True, seeds=200, slots=SLOTS):
    draw = TwoMoments(4, 2, slots, apart)
    return [draw(n, np.random.default_rng(seed)) for seed in range(seeds)]


def test_backwards_is_the_same_frames_and_the_same_sound():
    for found in drawn(30):
        assert np.array_equal(found.frames[1], found.frames[0, ::-1])
        assert np.array_equal(found.frames[3], found.frames[2, ::-1])
        assert found.onsets.tolist() == found.frames[[0, 0, 2, 2], 0].tolist()


def test_moments_are_half_a_window_apart_where_there_is_room():
    gaps = {abs(int(found.onsets[2] - found.onsets[0])) for found in drawn(30)}
    assert min(gaps) == 4 and max(gaps) == 22  # of 23 starts
    assert all(found.labels.tolist() == [1] for found in drawn(30))
    signs = [int(found.onsets[2] > found.onsets[0]) for found in drawn(30)]
    assert 0.35 < np.mean(signs) < 0.65
    assert {int(found.onsets[0]) for found in drawn(30, seeds=2000)} == set(range(23))


@pytest.mark.parametrize("n", [5, 8, 11])
def test_short_videos_have_no_room_and_say_so(n):
    for found in drawn(n):
        assert found.labels.tolist() == [0]
        assert ((found.frames >= 0) & (found.frames < n)).all()


def test_drawn_independently_the_label_says_what_came_out():
    labels = [int(found.labels[0]) for found in drawn(30, apart=False)]
    far = [abs(int(f.onsets[2] - f.onsets[0])) >= 4 for f in drawn(30, apart=False)]
    assert labels == [int(one) for one in far] and 0 < np.mean(labels) < 1


def test_one_slot_is_one_clip():
    assert drawn(30, slots=SLOTS[:1])[0].frames.shape == (1, 4)
