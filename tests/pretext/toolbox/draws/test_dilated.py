import numpy as np
import pytest
from chosen import Chosen, assert_balanced
from hypothesis import given
from hypothesis import strategies as st

from fame.core.randomness import generator
from fame.pretext.toolbox.draws.dilated import Dilated, needed

RATES = (1, 2, 4, 8)
DRAW = Dilated(16, RATES)


def test_clip_and_target_by_hand():
    drawn = DRAW(129, Chosen(0, 2))
    clip, between = drawn.frames[:2]
    assert clip.tolist() == list(range(0, 64, 4))
    assert np.stack([clip, between], 1).reshape(-1).tolist() == list(range(0, 64, 2))
    assert drawn.labels.tolist() == [2, 0]
    slow = DRAW(129, Chosen(7, 0)).frames
    assert slow[0].tolist() == list(range(7, 23))
    assert slow[1].tolist() == list(range(8, 24))


def test_stills_by_hand():
    frames = DRAW(129, Chosen(10, 1)).frames
    assert frames.shape == (4, 16)
    pictures = frames[2:].reshape(8, 4) - 10
    assert pictures.tolist() == [[0, 5, 10, 15], [16, 21, 26, 31], *[[0, 5, 10, 15]] * 6]
    fast = DRAW(129, Chosen(0, 3)).frames[2:].reshape(8, 4)
    assert fast.tolist() == [[16 * piece + still for still in (0, 5, 10, 15)] for piece in range(8)]


@given(st.integers(1, 300), st.integers(0, 999), st.sampled_from([8, 16]))
def test_windows_stay_inside_videos_that_are_long_enough(n, seed, frames):
    drawn = Dilated(frames, RATES)(n, np.random.default_rng(seed))
    label, looped = drawn.labels
    rate = RATES[label]
    assert looped == (n < frames + 1)
    assert ((drawn.frames >= 0) & (drawn.frames < n)).all()
    if looped:
        assert rate == 1
        assert (np.diff(drawn.frames[0]) % n == 1 % n).all()
    else:
        assert needed(frames, rate) <= n
        assert (np.diff(drawn.frames[:2]) == rate).all()
        window = drawn.frames[0, 0], drawn.frames[0, 0] + rate * frames
        assert ((drawn.frames[2:] >= window[0]) & (drawn.frames[2:] < window[1])).all()


@pytest.mark.parametrize(("n", "count"), [(128, 4), (127, 3), (64, 3), (63, 2), (32, 2), (31, 1)])
def test_rates_that_fit_are_balanced_and_starts_tell_nothing_of_them(n, count):
    drawn = [DRAW(n, generator(0, "clip-starts", 0, video)) for video in range(2000)]
    labels = np.array([one.labels[0] for one in drawn])
    if count > 1:
        assert_balanced(labels.tolist(), count)
    starts = np.array([one.frames[0, 0] for one in drawn])
    room = n - needed(16, RATES[count - 1])
    assert starts.min() == 0 and starts.max() == room
    for label in range(count):
        assert set(starts[labels == label]) == set(range(room + 1))
