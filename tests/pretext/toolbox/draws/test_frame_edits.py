"""Edits of a clip's frames, by hand."""

import numpy as np
from chosen import Chosen
from hypothesis import given
from hypothesis import strategies as st

from fame.pretext.toolbox.draws.frame_edits import EditedAgain, edited, inserted


class Pairs(Chosen):
    """A generator with prepared pairs."""

    def integers(self, *_, **__):
        return self.numbers.pop(0)

    def choice(self, *_, **__):
        return np.array(self.numbers.pop(0))


def letters(order):
    return "".join("abcdefgh"[number] for number in order)


def test_a_copy_shifts_the_rest_and_the_last_is_dropped():
    assert letters(inserted(np.arange(8), 6, 2)) == "abgcdefg"
    assert letters(inserted(np.arange(8), 0, 7)) == "abcdefga"


def test_two_copies_then_two_swaps():
    order = edited(np.arange(8), Pairs((6, 2), (0, 0), (1, 7), (2, 3)))
    # abgcdefg, aabgcdef, afbgcdea, afgbcdea
    assert letters(order) == "afgbcdea"


@given(st.integers(2, 40), st.integers(0, 999))
def test_a_clip_is_never_left_as_it_was(frames, seed):
    order = edited(np.arange(frames), np.random.default_rng(seed))
    assert order.shape == (frames,)
    assert (order != np.arange(frames)).any()
    assert set(order) <= set(range(frames))


@given(st.integers(1, 60), st.integers(2, 8), st.integers(1, 4), st.integers(0, 99))
def test_the_third_clip_has_frames_of_the_first(n, frames, stride, seed):
    numbers = EditedAgain(frames, stride)(n, np.random.default_rng(seed))
    assert (numbers[0] == numbers[1]).all()
    assert ((numbers[0] - numbers[0, 0] - stride * np.arange(frames)) % n == 0).all()
    assert set(numbers[2]) <= set(numbers[0])
    assert ((numbers >= 0) & (numbers < n)).all()
