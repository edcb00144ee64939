"""Batches of keys: shared out, resumed, and loaded by any number of workers."""

from itertools import chain

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fame.core.errors import FameError
from fame.data.clips.dataset import TrainClips, UniformClips
from fame.data.clips.loader import KeyedBatches, loader
from fame.data.clips.sampling import (
    RandomClips,
)

few = settings(max_examples=50)


@few
@given(
    st.integers(4, 40),
    st.sampled_from([(1, 1), (2, 1), (4, 1), (4, 2), (4, 4)]),
    st.integers(1, 3),
    st.integers(0, 3),
)
def test_ranks_share_the_global_batches(videos, batch_and_world, epochs, seed):
    batch, world = batch_and_world
    whole = list(KeyedBatches(videos, batch, epochs, seed))
    ranks = [
        list(KeyedBatches(videos, batch, epochs, seed, rank=r, world=world)) for r in range(world)
    ]
    assert [list(chain(*parts)) for parts in zip(*ranks, strict=True)] == whole
    for epoch in range(epochs):
        seen = [i for keys in whole for e, i in keys if e == epoch]
        assert len(set(seen)) == len(seen) == videos // batch * batch


@few
@given(st.integers(4, 20), st.integers(1, 4), st.integers(0, 30), st.booleans())
def test_a_resumed_order_is_the_tail(videos, batch, done, drop_last):
    def ask(first_step):
        return KeyedBatches(videos, batch, 3, 7, first_step=first_step, drop_last=drop_last)

    whole, tail = list(ask(0)), list(ask(done))
    assert tail == whole[done:]
    assert (len(ask(0)), len(ask(done))) == (len(whole), len(tail))
    assert ask(0).steps_per_epoch * 3 == len(whole)


def test_partial_batches_and_seeds():
    batches = list(KeyedBatches(7, 3, 1, 0, drop_last=False))
    assert [len(keys) for keys in batches] == [3, 3, 1]
    assert sorted(i for _, i in chain(*batches)) == list(range(7))
    orders = {tuple(i for _, i in chain(*KeyedBatches(7, 7, 1, seed))) for seed in range(5)}
    assert len(orders) == 5
    first, second = KeyedBatches(7, 7, 2, 0)
    assert [i for _, i in first] != [i for _, i in second]
    assert len(list(KeyedBatches(2, 3, 1, 0, drop_last=False))) == 1


@pytest.mark.parametrize(
    ("videos", "batch", "more", "words"),
    [
        (7, 8, {}, "7 videos cannot fill a batch of 8"),
        (9, 9, {"world": 2}, "2 processes"),
        (9, 8, {"world": 2, "drop_last": False}, "drop the last"),
    ],
)
def test_orders_that_cannot_be(videos, batch, more, words):
    with pytest.raises(FameError, match=words):
        KeyedBatches(videos, batch, 1, 0, **more)


def test_workers_change_nothing(small):
    dataset = TrainClips(small[0], RandomClips(4, 2, clips=2), seed=0, cache_mib=1)
    runs = [list(loader(dataset, KeyedBatches(4, 2, 2, 1), workers)) for workers in (0, 2)]
    assert len(runs[0]) == 4
    for one, other in zip(*runs, strict=True):
        for name, value in vars(one).items():
            assert torch.equal(value, vars(other)[name])


def test_loader_for_evaluation(small):
    dataset = UniformClips(small[0], 4, 2, 3)
    batches = list(loader(dataset, [[0, 1, 2], [3]]))
    assert [batch.indices.tolist() for batch in batches] == [[0, 1, 2], [3]]
