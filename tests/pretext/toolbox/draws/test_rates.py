"""Frame numbers of faster clips, by the papers' examples and plain loops."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fame.pretext.toolbox.draws.rates import restarting, survivors

UNIFORMS = np.array([0.1, 0.9, 0.3, 0.6, 0.05, 0.7, 0.25, 0.8])


def test_a_clip_restarts_at_the_first_frame():
    assert restarting(35, 40, 4, 3).tolist() == [35, 38, 0, 3]


@given(st.integers(1, 60), st.integers(1, 20), st.integers(1, 9), st.data())
def test_restarting_equals_the_loop(n, frames, pace, data):
    start = data.draw(st.integers(0, n - 1))
    expected, number = [], start
    for _ in range(frames):
        expected.append(number)
        number = number + pace if number + pace < n else 0
    assert restarting(start, n, frames, pace).tolist() == expected


def test_frames_that_survive():
    assert survivors(UNIFORMS, 2, 4).tolist() == [1, 3, 5, 7]
    assert survivors(UNIFORMS, 1.25, 6).tolist() == [1, 2, 3, 5, 6, 7]
    assert survivors(UNIFORMS, 1.25, 2).tolist() == [1, 2]
    assert survivors(UNIFORMS, 1, 8).tolist() == list(range(8))


def test_the_nearest_frames_fill_a_clip_that_is_too_short():
    assert survivors(UNIFORMS, 2, 6).tolist() == [1, 2, 3, 5, 6, 7]
    assert survivors(UNIFORMS, 4, 3).tolist() == [1, 5, 7]
    assert survivors(np.zeros(8), 2, 3).tolist() == [0, 1, 2]


@given(st.integers(0, 999), st.floats(1, 2.2), st.integers(1, 32))
def test_a_clip_never_repeats_a_frame(seed, factor, frames):
    kept = survivors(np.random.default_rng(seed).random(32), factor, frames)
    assert len(kept) == frames and (np.diff(kept) > 0).all()
