"""Keyed randomness: equal keys equal draws, distinct keys independent ones."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fame.core.randomness import generator, torch_seed

keys = st.tuples(st.integers(0, 2**31), st.text(max_size=8), st.integers(0, 10**6))


@given(keys)
@settings(max_examples=25)
def test_equal_keys_give_equal_draws(key):
    assert generator(*key).random() == generator(*key).random()
    assert torch_seed(*key) == torch_seed(*key)
    assert 0 <= torch_seed(*key) < 2**63


@given(keys, keys)
@settings(max_examples=25)
def test_distinct_keys_give_distinct_draws(one, other):
    if one != other:
        assert generator(*one).random() != generator(*other).random()


def test_key_parts_are_not_run_together():
    assert generator(1, "a", 1, 23).random() != generator(1, "a", 12, 3).random()


def test_first_draws_over_samples_are_uniform():
    values = [generator(0, "crop", 3, sample).random() for sample in range(4000)]
    counts = np.histogram(values, bins=10, range=(0, 1))[0]
    assert ((counts - 400) ** 2 / 400).sum() < 30  # chi-square with 9 degrees: p about 4e-4
