"""Labels of appearance: histograms and colours by hand, and blocks that change."""

import numpy as np
import pytest

from fame.pretext.toolbox.labels.appearance_labels import (
    appearance_labels,
    dominant,
    likeness,
    octant,
)


def test_likeness_by_hand():
    values = np.array([[0, 0, 1, 1], [0, 1, 1, 1], [0, 0, 0, 1]], np.uint8)
    frames = values[..., None].repeat(3, axis=-1)
    whole = np.ones((1, 4), bool)
    assert likeness(frames, whole) == pytest.approx([1 / 3])
    # A channel that does not change is wholly alike.
    frames[..., 2] = 7
    assert likeness(frames, whole) == pytest.approx([(1 / 3 + 1 / 3 + 1) / 3])
    assert likeness(frames[:1], whole) == pytest.approx([1])


def test_octants_in_their_order():
    high = ["B", "GB", "RB", "RGB", "none", "G", "R", "RG"]
    colours = [[200 if c in name else 127 for c in "RGB"] for name in high]
    assert octant(np.array(colours, np.uint8)).tolist() == list(range(1, 9))
    assert octant(np.array([128, 127, 127], np.uint8)) == 7


def test_the_commonest_colour_and_the_commonest_octant():
    # Three reds that differ, and one green twice.
    pixels = [[200, 0, 0], [201, 0, 0], [202, 0, 0], [0, 200, 0], [0, 200, 0]]
    colours = np.array(pixels, np.uint8)
    assert dominant(colours, "exact") == 6 and dominant(colours, "octant") == 7
    # Of equals the lowest: black before white, octant 1 before 4.
    equal = np.array([[255, 255, 255], [0, 0, 255]], np.uint8)
    assert dominant(equal, "exact") == 1 and dominant(equal, "octant") == 1


def test_a_clip_by_hand():
    # All is blue; in the last cell one pixel blinks, inside the last ring and triangle 7.
    frames = np.zeros((4, 16, 16, 3), np.uint8)
    frames[..., 2] = 255
    frames[2, 15, 13] = [255, 0, 0]
    found = appearance_labels(frames, "octant")
    assert found.tolist() == [16, 1, 1, 1, 4, 1, 1, 1, 7, 1, 1, 1, 1]
    assert appearance_labels(frames, "exact").tolist() == found.tolist()


def test_every_number_is_in_its_range():
    frames = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)
    for colour in ("exact", "octant"):
        found = appearance_labels(frames, colour)
        assert found.dtype == np.int64 and (found >= 1).all()
        assert (found <= np.array([16, 8, 16, 8, 4, 8, 4, 8, 8, 8, 8, 8, 8])).all()
