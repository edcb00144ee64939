"""Clips in several slots, forwards or all backwards."""

import numpy as np

from fame.data.clips.sampling import RandomClips
from fame.pretext.toolbox.draws.repeated import Repeated


def test_slots_have_the_clips_that_they_name():
    numbers = Repeated(RandomClips(4, 2, 2), (0, 1, 0))(30, np.random.default_rng(0))
    assert (numbers[0] == numbers[2]).all() and (numbers[0] != numbers[1]).any()
    assert (np.diff(numbers) == 2).all()


def test_all_clips_of_a_video_run_backwards_or_none():
    draw = Repeated(RandomClips(4, 2, 2), (0, 1), reversal=0.5)
    backwards = []
    for seed in range(400):
        steps = np.diff(draw(30, np.random.default_rng(seed)))
        assert (steps == steps[0, 0]).all() and abs(steps[0, 0]) == 2
        backwards.append(steps[0, 0] < 0)
    assert abs(np.mean(backwards) - 0.5) < 0.08


def test_without_reversal_the_draws_are_those_of_the_inner_draw():
    inner = RandomClips(4, 2, 1)
    numbers = Repeated(inner, (0, 0))(30, np.random.default_rng(3))
    assert (numbers == inner(30, np.random.default_rng(3))).all()
