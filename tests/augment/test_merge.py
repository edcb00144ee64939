"""Merging and donors."""

import itertools
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fame.augment.merge import donors, merge
from fame.core.errors import FameError

KINDS = ["derangement", "permutation"]


def test_merge_equals_the_formula_pixel_by_pixel():
    draw = torch.Generator().manual_seed(0)
    clips = torch.rand(2, 2, 3, 4, 5, 6, dtype=torch.float64, generator=draw)
    foreground, donor = clips.unbind(0)
    soft = torch.rand(2, 5, 6, dtype=torch.float64, generator=draw)
    hard = soft.round()  # what every built-in mask is
    for masks, rounding in ((hard, 0), (soft, 1e-15)):
        merged = merge(foreground, donor, masks)
        for b, c, t, h, w in itertools.product(*map(range, merged.shape)):
            share = masks[b, h, w]
            expected = foreground[b, c, t, h, w] * share + donor[b, c, t, h, w] * (1 - share)
            assert abs(merged[b, c, t, h, w] - expected) <= rounding


def test_full_and_empty_masks_are_exact():
    draw = torch.Generator().manual_seed(0)
    foreground, donor = torch.rand(2, 2, 3, 4, 5, 6, generator=draw).unbind(0)
    assert torch.equal(merge(foreground, donor, torch.ones(2, 5, 6)), foreground)
    assert torch.equal(merge(foreground, donor, torch.zeros(2, 5, 6)), donor)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 9),
    step=st.integers(0, 10**6),
    groups=st.integers(1, 5),
    size=st.integers(2, 9),
    kind=st.sampled_from(KINDS),
)
def test_donors_stay_in_their_group_and_are_used_once(seed, step, groups, size, kind):
    chosen = donors(seed, step, 0, groups, size, kind)
    assert chosen.dtype == np.int64
    for group in range(groups):
        places = np.arange(group * size, (group + 1) * size)
        mine = chosen[places]
        assert sorted(mine) == list(places)
        assert kind == "permutation" or (mine != places).all()


@pytest.mark.parametrize("kind", KINDS)
def test_any_number_of_processes_draws_the_same(kind):
    whole = donors(1, 7, 0, 8, 8, kind)
    parts = [donors(1, 7, first, 2, 8, kind) + first * 8 for first in (0, 2, 4, 6)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_steps_seeds_and_groups_differ():
    draws = {tuple(donors(*key, 1, 8, "permutation")) for key in np.ndindex(3, 3, 3)}
    assert len(draws) == 27


def test_every_derangement_is_equally_likely():
    counts = Counter(tuple(donors(0, step, 0, 1, 4, "derangement")) for step in range(1800))
    assert len(counts) == 9
    assert min(counts.values()) > 150  # 200 expected, standard deviation 13
    assert max(counts.values()) < 250


def test_a_lone_clip_has_no_other_donor():
    np.testing.assert_array_equal(donors(0, 0, 0, 3, 1, "permutation"), [0, 1, 2])
    with pytest.raises(FameError, match="groups of 2 clips"):
        donors(0, 0, 0, 3, 1, "derangement")
