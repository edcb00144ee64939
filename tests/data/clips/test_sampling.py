"""Where clips start, and which frames they take."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fame.core.errors import FameError
from fame.data.clips.sampling import (
    Labelled,
    RandomClips,
    checked,
    clip_indices,
    number_of_starts,
    random_starts,
    uniform_starts,
    window,
)

few = settings(max_examples=50)
lengths = st.integers(1, 120)


frame_counts = st.integers(1, 16)


strides = st.integers(1, 5)


@few
@given(lengths, frame_counts, strides)
def test_every_start_gives_frames_of_the_video(n, frames, stride):
    count = number_of_starts(n, frames, stride)
    whole = [s for s in range(n) if s + frames * stride <= n]
    assert count == (len(whole) or n)
    for start in (0, count - 1):
        numbers = clip_indices(start, n, frames, stride)
        assert numbers.tolist() == [(start + stride * t) % n for t in range(frames)]
        if n >= window(frames, stride):
            assert (np.diff(numbers) == stride).all()
            assert numbers.max() + stride <= n


@few
@given(lengths, frame_counts, strides, st.integers(1, 4), st.integers(0, 9))
def test_random_starts_are_distinct_if_they_can_be(n, frames, stride, clips, seed):
    starts = random_starts(n, frames, stride, clips, np.random.default_rng(seed))
    count = number_of_starts(n, frames, stride)
    assert len(starts) == clips
    assert all(0 <= start < count for start in starts)
    assert count < clips or len(set(starts)) == clips


def test_pairs_reach_every_start():
    draw = RandomClips(16, 2, clips=2)
    pairs = [draw(34, np.random.default_rng(seed)) for seed in range(60)]
    assert {tuple(pair[:, 0]) for pair in pairs} == {
        (i, j) for i in range(3) for j in range(3) if i != j
    }
    assert (pairs[0][0] == pairs[0][0, 0] + 2 * np.arange(16)).all()
    assert draw(32, np.random.default_rng(0))[:, 0].tolist() == [0, 0]


@few
@given(lengths, frame_counts, strides, st.integers(2, 12))
def test_uniform_starts_are_even(n, frames, stride, clips):
    starts = uniform_starts(n, frames, stride, clips)
    last = max(n - frames * stride, 0)
    assert len(starts) == clips
    assert (starts[0], starts[-1]) == (0, last)
    assert all(abs(s - i * last / (clips - 1)) <= 0.5 for i, s in enumerate(starts))


def test_ten_uniform_clips():
    assert uniform_starts(50, 16, 2, 10) == [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]


def test_a_mirrored_clip_with_one_label_is_taken_as_it_is():
    mirrored = clip_indices(3, 20, 4, 2)[None, ::-1]
    frames, labels = checked(Labelled(mirrored, 1), 20)
    assert frames.tolist() == [[9, 7, 5, 3]] and labels.tolist() == [1]
    assert frames.flags.c_contiguous and frames.dtype == labels.dtype == np.int64
    frames, labels = checked(np.int32([[0, 1]]), 2)
    assert frames.dtype == np.int64 and labels.shape == (0,)


@pytest.mark.parametrize(
    ("drawn", "message"),
    [
        (np.arange(4), r"numbers of shape \(4,\).*\(clips, frames\)"),
        (np.zeros((1, 4)), r"type float64.*whole numbers"),
        (np.array([[3, 20]]), r"frames 3 to 20 of a video that has 20;.*loop"),
        (np.array([[-1, 2]]), r"frames -1 to 2"),
        (Labelled(np.array([[0]]), np.array([0.5])), r"labels of shape \(1,\) and type float64"),
        (Labelled(np.array([[0]]), np.array([[1]])), r"labels of shape \(1, 1\)"),
    ],
)
def test_a_wrong_draw_is_refused_by_what_it_returned(drawn, message):
    with pytest.raises(FameError, match=message):
        checked(drawn, 20)
