"""Group-disjoint splits: no group on two sides, stated sides win, shares are met."""

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fame.core.errors import FameError
from fame.data.groups import SIDES, Member, Shares, split

members = st.lists(
    st.builds(
        Member,
        group=st.sampled_from("abcdefgh"),
        label=st.sampled_from(["run", "jump", None]),
        side=st.sampled_from([None, None, None, "train", "val", "test", "unused"]),
    ),
    max_size=40,
)
shares = st.builds(
    Shares, val=st.sampled_from([0, 0.2]), test=st.floats(0, 0.8), seed=st.integers(0, 9)
)


def crossing(videos):
    """Members of one class in groups of two videos."""
    return [Member(f"g{i // 2}", "run", None) for i in range(videos)]


@settings(max_examples=300)
@given(members, shares)
def test_no_group_is_on_two_sides_and_stated_sides_win(videos, held):
    try:
        sides = split(videos, held)
    except FameError as error:
        assert "group" in str(error)
        return
    sides_of_group = defaultdict(set)
    for member, side in zip(videos, sides, strict=True):
        assert member.side in (None, side)
        assert side in {*SIDES, "unused"}
        assert not (side in {"val", "test"} and member.label is None)
        sides_of_group[member.group] |= {side} - {"unused"}
    assert all(len(sides) <= 1 for sides in sides_of_group.values())


@settings(max_examples=100)
@given(members, shares, st.randoms())
def test_the_order_of_the_videos_does_not_matter(videos, held, random):
    places = list(range(len(videos)))
    random.shuffle(places)
    try:
        sides = split(videos, held)
    except FameError:
        with pytest.raises(FameError):
            split([videos[i] for i in places], held)
        return
    assert split([videos[i] for i in places], held) == [sides[i] for i in places]


@settings(max_examples=50)
@given(st.integers(0, 50))
def test_a_class_keeps_a_training_video_and_meets_its_share(seed):
    sides = split(crossing(40), Shares(0.1, 0.3, seed))
    assert {side: sides.count(side) for side in SIDES} == {"train": 24, "val": 4, "test": 12}
    alone = split([Member("g", "run", None)] * 5, Shares(0, 1, seed))
    assert set(alone) == {"train"}


def test_the_seed_decides_which_groups_are_held_out():
    drawn = {tuple(split(crossing(40), Shares(0, 0.3, seed))) for seed in range(5)}
    assert len(drawn) == 5


def test_stated_groups_count_towards_the_share():
    stated = [Member(f"s{i}", "run", "test") for i in range(5)]
    free = [Member(f"f{i}", "run", None) for i in range(5)]
    assert set(split(stated + free, Shares(0, 0.5, 0))[5:]) == {"train"}


def test_an_unplaced_video_follows_its_group():
    videos = [Member("g", "run", "test"), Member("g", "run", None), Member("g", None, None)]
    assert split(videos, Shares(0, 0, 0)) == ["test", "test", "unused"]


def test_contradictions_are_named():
    with pytest.raises(FameError, match="group 'g' is in train and in test; put it on one side"):
        split([Member("g", "run", "train"), Member("g", "run", "test")], Shares(0, 0, 0))
    with pytest.raises(FameError, match="is in test but has no label"):
        split([Member("g", None, "test")], Shares(0, 0, 0))
    with pytest.raises(FameError, match="exceed 1"):
        Shares(0.6, 0.6, 0)
