import numpy as np
import pytest
from chosen import Chosen
from hypothesis import given
from hypothesis import strategies as st

from fame.pretext.toolbox.draws.spaced import CLOSER, FITS, LOOPED, Spaced


def test_the_published_spacing():
    trio = Spaced(16, 1, 8)(80, Chosen(5))
    assert trio.frames[:, 0].tolist() == [5, 29, 53]
    assert trio.frames[-1, -1] == 68
    assert (trio.first, trio.end, trio.length) == (5, 69, FITS)


@pytest.mark.parametrize(
    ("n", "starts", "length"),
    [
        (64, [0, 24, 48], FITS),
        (63, [0, 23, 46], CLOSER),
        (50, [0, 17, 34], CLOSER),
        (48, [0, 16, 32], CLOSER),
        (47, [0, 16, 32], LOOPED),
        (20, [0, 16, 12], LOOPED),
    ],
)
def test_short_videos_have_smaller_gaps_and_then_loop(n, starts, length):
    trio = Spaced(16, 1, 8)(n, Chosen(0))
    assert trio.frames[:, 0].tolist() == starts
    assert trio.length == length


@given(st.integers(1, 150), st.integers(1, 16), st.integers(1, 3), st.integers(0, 9), st.integers())
def test_no_frame_is_held_and_clips_do_not_overlap(n, frames, stride, gap, seed):
    trio = Spaced(frames, stride, gap)(n, np.random.default_rng(abs(seed)))
    moves = np.diff(trio.frames) % n
    assert (moves == stride % n).all()
    assert (trio.frames >= 0).all() and (trio.frames < n).all()
    if trio.length != LOOPED:
        assert trio.end <= n
        assert (np.diff(trio.frames[:, 0]) >= frames * stride).all()
    assert (trio.length == FITS) == (n >= 3 * frames * stride + 2 * gap)
