"""MLRep's draw: adjacent halves and an overview of one stretch, at a real rate."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fame.core.randomness import generator
from fame.pretext.toolbox.draws.stretch import Stretch

DRAW = Stretch(4, 3.0)


class Chosen:
    """A rate and a start."""

    def __init__(self, rate, start):
        self.rate, self.start, self.asked = rate, start, []

    def uniform(self, low, high):
        self.asked.append((low, high))
        return self.rate

    def integers(self, count):
        self.asked.append(count)
        return self.start


def test_by_hand():
    chosen = Chosen(1.5, 2)
    first, second, overview = DRAW(20, chosen)
    assert first.tolist() == [2, 4, 5, 7]
    assert second.tolist() == [8, 10, 11, 13]
    assert overview.tolist() == [2, 5, 8, 11]
    assert chosen.asked == [(1, 2.5), 9]  # 20 / 8 frames; 20 - 8 * 1.5 = 8


@given(st.integers(8, 200), st.integers(0, 200))
def test_halves_are_adjacent_and_the_overview_runs_over_both(n, seed):
    first, second, overview = DRAW(n, np.random.default_rng(seed))
    both = np.concatenate([first, second])
    assert (np.diff(both) >= 1).all() and (np.diff(both) <= 4).all()
    assert both.min() >= 0 and both.max() < n
    assert (overview == both[::2]).all()


def test_rates_are_uniform_up_to_the_fastest_and_every_start_occurs():
    drawn = [DRAW(40, generator(0, "s", 0, video)) for video in range(2000)]
    spans = np.array([frames[1, -1] - frames[0, 0] for frames in drawn]) / 7
    assert spans.min() >= 1 and spans.max() <= 3.1
    assert abs(spans.mean() - 2) < 4 * 0.58 / 2000**0.5
    assert {0, 16} <= {int(frames[0, 0]) for frames in drawn}


def test_short_videos_loop_at_rate_one():
    positions = np.concatenate(DRAW(6, np.random.default_rng(0))[:2])
    assert (np.diff(positions) % 6 == 1).all()
