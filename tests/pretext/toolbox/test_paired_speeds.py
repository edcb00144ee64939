"""ASCNet's draw: one clip at each speed, from independent starts of one range."""

import numpy as np
from chosen import Chosen
from hypothesis import given
from hypothesis import strategies as st

from fame.core.randomness import generator
from fame.pretext.toolbox.paired_speeds import PairedSpeeds

DRAW = PairedSpeeds(4, 1)


def test_by_hand():
    assert DRAW(20, Chosen(3, 7)).tolist() == [[3, 4, 5, 6], [7, 9, 11, 13]]
    assert PairedSpeeds(3, 2)(20, Chosen(1, 0)).tolist() == [[1, 3, 5], [0, 4, 8]]


@given(st.integers(8, 99), st.integers(0, 99))
def test_the_speeds_can_be_read_off_the_frames(n, seed):
    frames = DRAW(n, np.random.default_rng(seed))
    assert (np.diff(frames[0]) == 1).all() and (np.diff(frames[1]) == 2).all()
    assert frames.min() >= 0 and frames.max() < n


def test_starts_tell_nothing_of_the_speed_and_are_independent():
    starts = np.array([DRAW(40, generator(0, "s", 0, video))[:, 0] for video in range(3000)])
    assert set(starts[:, 0]) == set(starts[:, 1]) == set(range(33))
    assert abs(starts[:, 0].mean() - starts[:, 1].mean()) < 4 * 9.5 * (2 / 3000) ** 0.5
    assert abs(np.corrcoef(starts.T)[0, 1]) < 0.08


def test_in_short_videos_both_may_loop():
    drawn = [DRAW(6, np.random.default_rng(seed)) for seed in range(50)]
    assert any((np.diff(frames[0]) < 0).any() for frames in drawn)
    assert any((np.diff(frames[1]) < 0).any() for frames in drawn)
