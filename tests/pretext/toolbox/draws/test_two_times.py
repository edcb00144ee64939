"""One clip twice and one from another time, whatever the video's length."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fame.pretext.toolbox.draws.two_times import TwoTimes


@given(st.integers(1, 200), st.integers(1, 8), st.integers(1, 4), st.integers(0, 99))
def test_query_and_key_share_their_frames_and_the_negative_has_others(n, frames, stride, seed):
    numbers = TwoTimes(frames, stride)(n, np.random.default_rng(seed))
    assert numbers.shape == (3, frames)
    assert (numbers >= 0).all() and (numbers < n).all()
    assert (numbers[0] == numbers[1]).all()
    assert n == 1 or numbers[0, 0] != numbers[2, 0]
    assert ((numbers - numbers[:, :1] - stride * np.arange(frames)) % n == 0).all()
    if n > frames * stride:
        assert (np.diff(numbers) == stride).all()


def test_every_other_start_is_drawn():
    generator, draw = np.random.default_rng(0), TwoTimes(2, 2)
    pairs = {tuple(draw(6, generator)[[0, 2], 0].tolist()) for _ in range(200)}
    assert pairs == {(a, b) for a in range(3) for b in range(3) if a != b}
