"""Masks over frames, pixel by pixel."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fame.report.overlay import OUTLINE, darkened, on_white, outline


def slow_outline(mask, width):
    """True pixels with a false one within `width` steps up, down, left or right."""
    height, wide = mask.shape
    found = np.zeros_like(mask)
    for y, x in np.argwhere(mask):
        for other_y, other_x in np.ndindex(height, wide):
            near = abs(y - other_y) + abs(x - other_x) <= width
            found[y, x] |= near and not mask[other_y, other_x]
    return found


@settings(max_examples=50)
@given(mask=arrays(bool, (6, 7)), width=st.integers(1, 3))
def test_outline_equals_the_oracle(mask, width):
    np.testing.assert_array_equal(outline(mask, width), slow_outline(mask, width))


def test_the_foreground_stays_and_the_background_turns_dark_and_grey():
    frames = np.random.default_rng(0).integers(0, 256, (3, 12, 12, 3), dtype=np.uint8)
    mask = np.zeros((12, 12), np.float32)
    mask[3:9, 3:9] = 1
    for frame, shown in zip(frames, darkened(frames, mask), strict=True):
        np.testing.assert_array_equal(shown[4:8, 4:8], frame[4:8, 4:8])
        assert (shown[3, 3:9] == OUTLINE).all()
        outside = shown[mask == 0]
        luma = frame[mask == 0] @ [0.299, 0.587, 0.114]
        np.testing.assert_allclose(outside[:, 0], 0.3 * luma, atol=0.51)
        assert (outside == outside[:, :1]).all()


def test_a_soft_mask_fades_without_an_outline():
    frames = np.full((1, 4, 4, 3), 200, np.uint8)
    (shown,) = darkened(frames, np.full((4, 4), 0.5, np.float32))
    assert (shown == 130).all()  # halfway from 200 to 60


@pytest.mark.parametrize("value", [0, 1])
def test_uniform_masks_have_no_outline(value):
    frames = np.full((1, 4, 4, 3), 200, np.uint8)
    (shown,) = darkened(frames, np.full((4, 4), value, np.float32))
    assert (shown == (200 if value else 60)).all()


def test_on_white():
    frame = np.full((2, 2, 3), 100, np.uint8)
    shown = on_white(frame, np.array([[0, 1], [0.5, 1]], np.float32))
    assert shown[..., 0].tolist() == [[255, 100], [178, 100]]
