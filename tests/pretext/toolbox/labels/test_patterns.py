"""Regions: sizes by hand, every pixel once but diagonals, and mirrors."""

import numpy as np
import pytest

from fame.pretext.toolbox.labels.patterns import patterns


def test_sizes_at_112_by_hand():
    cells, rings, triangles = patterns(112)
    assert (cells.sum(axis=1) == 784).all()
    assert rings.sum(axis=1).tolist() == [784, 2352, 3920, 5488]
    assert (triangles.sum(axis=1) == 1596).all()


@pytest.mark.parametrize("size", [16, 32, 112])
def test_every_pixel_is_in_one_region_and_those_of_diagonals_in_two_triangles(size):
    cells, rings, triangles = patterns(size)
    assert (cells.sum(axis=0) == 1).all() and (rings.sum(axis=0) == 1).all()
    diagonals = (np.eye(size) + np.eye(size)[::-1]).ravel()
    np.testing.assert_array_equal(triangles.sum(axis=0), 1 + diagonals)


def test_places_by_hand_at_eight():
    cells, rings, triangles = (part.reshape(-1, 8, 8) for part in patterns(8))
    assert cells[6, 2:4, 4:6].all() and rings[0, 3:5, 3:5].all() and rings[3, 0].all()
    # One pixel inside each triangle, in order.
    for number, place in enumerate(
        [(3, 1), (1, 3), (0, 5), (2, 7), (4, 1), (6, 3), (7, 5), (5, 7)]
    ):
        assert np.flatnonzero(triangles[:, *place]).tolist() == [number]
