"""Colour conversion against Python's colorsys."""

import colorsys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fame.augment.colour import hsv_to_rgb, rgb_to_hsv, turn_hue

LEVEL = st.integers(0, 255).map(lambda byte: byte / 255)


@settings(max_examples=60)
@given(st.lists(st.tuples(LEVEL, LEVEL, LEVEL), min_size=1, max_size=8))
def test_both_ways_equal_colorsys(colours):
    rgb = torch.tensor(colours, dtype=torch.float64)
    hsv = rgb_to_hsv(rgb, dim=1)
    expected = np.array([colorsys.rgb_to_hsv(*colour) for colour in colours])
    np.testing.assert_allclose(hsv, expected, atol=1e-12)
    back = np.array([colorsys.hsv_to_rgb(*colour) for colour in expected])
    np.testing.assert_allclose(hsv_to_rgb(hsv, dim=1), back, atol=1e-12)


@pytest.mark.parametrize("dim", [0, 1, 2, -1, -2])
def test_channels_may_stand_anywhere(dim):
    draw = torch.Generator().manual_seed(0)
    rgb = torch.rand(5, 4, 3, dtype=torch.float64, generator=draw)
    moved = rgb.movedim(2, dim)
    hsv = rgb_to_hsv(moved, dim)
    torch.testing.assert_close(hsv.movedim(dim, 2), rgb_to_hsv(rgb, 2))
    torch.testing.assert_close(hsv_to_rgb(hsv, dim), moved)


def test_hue_stays_below_a_full_turn_in_float32():
    almost_red = torch.tensor([[1.0, 0.0, 1e-9]])
    assert rgb_to_hsv(almost_red, dim=1)[0, 0] == 0


def test_hue_beyond_the_circle_wraps():
    hsv = torch.tensor([[0.9, 1.0, 1.0]], dtype=torch.float64)
    for turns in (-1, 1, 3):
        shifted = hsv + torch.tensor([turns, 0.0, 0.0])
        torch.testing.assert_close(hsv_to_rgb(shifted, 1), hsv_to_rgb(hsv, 1))


def test_black_and_grey_are_finite():
    greys = torch.tensor([[0.0] * 3, [0.5] * 3, [1.0] * 3])
    expected = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.0, 0.5], [0.0, 0.0, 1.0]])
    assert torch.equal(rgb_to_hsv(greys, dim=1), expected)


@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize(("dtype", "precision"), [(torch.float64, 1e-12), (torch.float32, 2e-6)])
def test_turning_equals_the_way_over_hsv(dim, dtype, precision):
    levels = torch.linspace(0, 1, 8, dtype=dtype)
    colours = torch.cartesian_prod(levels, levels, levels).movedim(1, dim)
    for turns in (-1.3, -0.5, 0.05, 1 / 3, 0.9, 2.0):
        turned = turn_hue(colours, torch.tensor(turns, dtype=dtype), dim)
        hsv = rgb_to_hsv(colours, dim)
        hsv.select(dim, 0).add_(turns)
        torch.testing.assert_close(turned, hsv_to_rgb(hsv, dim), rtol=0, atol=precision)
        assert turned.min() >= 0 and turned.max() <= 1
