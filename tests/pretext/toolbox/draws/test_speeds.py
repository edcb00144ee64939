"""Two windows at two speeds, and the three clips that a step needs of them."""

from dataclasses import replace

import numpy as np
import torch
from chosen import Chosen
from hypothesis import given
from hypothesis import strategies as st
from random_batch import batch

from fame.core.randomness import generator
from fame.pretext.toolbox.draws.speeds import PairedSpeeds, TwoWindows, three_clips


class Start:
    """A generator that draws the start 10."""

    def integers(self, count, size):
        assert count == 100 - 32 + 1
        return np.full(size, 10)


def test_a_window_by_hand():
    numbers = TwoWindows(16, 1, apart=False)(100, Start())
    assert numbers[0].tolist() == numbers[2].tolist() == list(range(10, 26))
    assert numbers[1].tolist() == numbers[3].tolist() == list(range(10, 42, 2))


@given(st.integers(1, 200), st.integers(1, 3), st.booleans(), st.integers(0, 99))
def test_both_speeds_start_together_and_short_videos_loop(n, stride, apart, seed):
    numbers = TwoWindows(8, stride, apart)(n, np.random.default_rng(seed))
    assert numbers.shape == (4, 8) and (numbers >= 0).all() and (numbers < n).all()
    for window in (numbers[:2], numbers[2:]):
        assert window[0, 0] == window[1, 0]
        for speed, clip in zip((1, 2), window, strict=True):
            assert ((clip - clip[0] - speed * stride * np.arange(8)) % n == 0).all()
    if n >= 16 * stride:
        assert (np.diff(numbers) > 0).all()
    if apart and n >= 32 * stride:
        assert abs(numbers[0, 0] - numbers[2, 0]) >= 16 * stride


def test_windows_apart_are_anywhere_and_in_both_orders():
    draw = TwoWindows(2, 1, apart=True)
    pairs = {tuple(draw(10, np.random.default_rng(seed))[::2, 0]) for seed in range(400)}
    assert pairs == {(a, b) for a in range(7) for b in range(7) if abs(a - b) >= 4}


def test_query_and_key_have_one_speed_and_the_other_key_the_other():
    four = batch(slots=4)
    four = replace(four, frames=torch.arange(4).view(1, 4, 1).expand(8, 4, 3))
    chosen = three_clips(four, torch.tensor([False, True] * 4))
    assert chosen.frames[0, :, 0].tolist() == [0, 2, 3]
    assert chosen.frames[1, :, 0].tolist() == [1, 3, 2]
    assert torch.equal(chosen.clips[1], four.clips[1, [1, 3, 2]])
    assert torch.equal(chosen.indices, four.indices)


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
