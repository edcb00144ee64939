"""What the settings of a mini world may be."""

import pytest
from pydantic import ValidationError
from small_worlds import BUSY, WORLD, config

from fame.config.worlds import WorldConfig, limb_reach


@pytest.mark.parametrize(
    "changes",
    [
        {"val": 8},
        {"unused": 1},
        {"layout": "kinetics400"},
        {"period": (28, 20)},
        {"amplitude": (7, 14)},
        {"radius": (5, 16)},
        {"scene_types": 4},
        {"scene_bias": 1.5},
        {"still_trunk": 0.5},
        {"still_trunk": 0.5, "limb": 1.0, "radius": (5, 13)},
        {"pan": 1.2},
        {"waves": 0.5},
        {"passers": 2},
        {"colour": "red"},
    ],
)
def test_impossible_worlds_are_refused(changes):
    with pytest.raises(ValidationError):
        config(**changes)


def test_every_value_must_be_given():
    for name in WORLD:
        with pytest.raises(ValidationError):
            WorldConfig(**{key: value for key, value in WORLD.items() if key != name})


@pytest.mark.parametrize(("share", "size"), [("still_trunk", "limb"), ("waves", "wave_reach")])
def test_a_share_without_its_size_is_refused_by_name(share, size):
    with pytest.raises(ValidationError, match=f"{share} is above 0, so {size} must be"):
        config(**{**BUSY, size: 0})
    assert config(**{**BUSY, share: 0, size: 0})


def test_a_limb_reaches_as_far_as_its_motion_but_at_least_beside_its_trunk():
    assert limb_reach(radius=8, amplitude=9) == 9
    assert limb_reach(radius=8, amplitude=3) == 8
    made = config(**BUSY)
    assert made.extent(radius=8, amplitude=9) == pytest.approx(9 + 0.6 * 8 * 1.35)


def test_the_pan_reaches_half_its_way_to_each_side():
    assert config(frames=21, pan=0.2).pan_reach == pytest.approx(2.0)
    assert config(frames=21, pan=0).pan_reach == 0
