"""Clips around a centre, with the video's edges repeated."""

from types import SimpleNamespace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fame.pretext.toolbox.draws.overhanging import Overhanging


def test_frames_by_hand():
    given_centres = SimpleNamespace(integers=lambda n, size: np.array([1, 19]))
    numbers = Overhanging(4, 2, 2)(20, given_centres)
    assert numbers.tolist() == [[0, 0, 1, 3], [15, 17, 19, 19]]


@given(st.integers(1, 100), st.integers(1, 9), st.integers(1, 4), st.integers(0, 99))
def test_all_frames_are_of_the_video(n, frames, stride, seed):
    numbers = Overhanging(frames, stride, 2)(n, np.random.default_rng(seed))
    assert numbers.shape == (2, frames) and ((numbers >= 0) & (numbers < n)).all()
    assert ((np.diff(numbers) >= 0) & (np.diff(numbers) <= stride)).all()


def test_centres_are_uniform():
    generator = np.random.default_rng(0)
    centres = np.concatenate([Overhanging(1, 1, 2)(5, generator) for _ in range(1000)])
    assert np.abs(np.bincount(centres[:, 0], minlength=5) - 400).max() < 75
