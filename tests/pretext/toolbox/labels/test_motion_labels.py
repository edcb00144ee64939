"""Labels of motion: by hand, by plain loops, mirrored, still, tied, and of true motion."""

import numpy as np
import pytest
from true_motion import moving

from fame.pretext.toolbox.labels.flow import flow, stored
from fame.pretext.toolbox.labels.motion_labels import (
    BINS,
    boundaries,
    first_largest,
    motion_labels,
    orientations,
)
from fame.pretext.toolbox.labels.patterns import patterns


def ramp():
    """u grows to the right in the lower left; v is nowhere."""
    fields = np.zeros((16, 2, 112, 112))
    fields[:, 0, 56:, :28] = 0.1 * np.arange(28)
    return fields


def test_a_ramp_by_hand():
    assert motion_labels(ramp()).tolist() == [9, 5, 0, 0, 3, 1, 1, 1, 5, 5, 1, 1, 1, 1]


def test_its_mirror_image_by_hand():
    mirrored = ramp()[..., ::-1] * np.array([-1, 1])[:, None, None]
    found = motion_labels(mirrored)
    assert found.tolist() == [12, 5, 0, 0, 3, 1, 1, 1, 8, 5, 1, 1, 1, 1]
    # As the release flips it, u keeps its sign, and all its directions turn round.
    wrong = motion_labels(ramp()[..., ::-1])
    assert wrong[[0, 4, 8]].tolist() == found[[0, 4, 8]].tolist()
    assert wrong[[1, 5, 9]].tolist() == [1, 5, 1]


def test_nothing_moves():
    still = np.zeros((3, 2, 16, 16))
    assert motion_labels(still).tolist() == [0, 0, 0, 0, *[1] * 10]
    assert motion_labels(still + 2.5).tolist() == [0, 0, 0, 0, *[1] * 10]  # a moving camera


def test_boundaries_of_a_slope_by_hand():
    slope = np.broadcast_to(np.arange(8.0), (1, 8, 8))
    across, down = boundaries(slope)[0]
    assert (across[:, 1:-1] == -6).all() and (across[:, [0, -1]] == -3).all()
    assert not down.any()
    turned = boundaries(slope.swapaxes(1, 2))[0]
    np.testing.assert_array_equal(turned[1], across.T)


def test_boundaries_by_plain_loops():
    field = np.random.default_rng(0).normal(size=(2, 8, 8))
    expected = np.zeros((2, 2, 8, 8))
    for pair, y, x, row in np.ndindex(2, 8, 8, 3):
        near, far = np.clip([x - 1, x + 1], 0, 7)
        expected[pair, 0, y, x] += np.diff(field[pair, np.clip(y + row - 1, 0, 7), [far, near]])[0]
        near, far = np.clip([y - 1, y + 1], 0, 7)
        expected[pair, 1, y, x] += np.diff(field[pair, [far, near], np.clip(x + row - 1, 0, 7)])[0]
    np.testing.assert_allclose(boundaries(field), expected)


@pytest.mark.parametrize("angle", range(0, 360, 15))
def test_directions_by_hand(angle):
    vector = 2 * np.array([[np.cos(np.radians(angle))], [np.sin(np.radians(angle))]])
    (split,) = orientations(vector)
    before, part = divmod(angle, 45)
    expected = np.zeros(BINS)
    expected[before] = 2 * (1 - part / 45)
    expected[(before + 1) % BINS] += 2 * part / 45
    np.testing.assert_allclose(split, expected, atol=1e-9)


def test_equals_give_the_lowest():
    assert first_largest(np.array([1.0, 3.0, 3.0 + 1e-12, 2.0])) == 1
    assert first_largest(np.zeros(4)) == 0
    # The boundaries of a box point everywhere alike.
    fields = np.zeros((1, 2, 32, 32))
    fields[0, 0, 8:24, 8:24] = 1
    changes = boundaries(fields[:, 0])[0].reshape(2, -1)
    bins = orientations(changes).sum(axis=0)
    np.testing.assert_allclose(bins[::2], bins[0])
    # The four middle cells are alike, and so are left and top in the first; so are all triangles,
    # and in the second ring, which has the box's edge, all directions.
    assert motion_labels(fields)[[0, 1, 4, 5, 8]].tolist() == [6, 5, 2, 1, 1]


def test_the_pair_with_the_largest_boundaries():
    fields = np.zeros((5, 2, 16, 16))
    fields[:, 0, 4:8, 4:8] = np.array([1, 2, 4, -4, 3])[:, None, None]
    fields[3, 1, 8:, 8:] = 1
    assert motion_labels(fields)[12:].tolist() == [3, 4]


def slow_places(field):
    """Region and direction of one component in each pattern, pixel by pixel."""
    total = boundaries(field).sum(axis=0)
    found = []
    for pattern, regions in enumerate(patterns(field.shape[-1])):
        amounts, histograms = [], []
        for region in regions:
            amount, bins, pixels = 0.0, np.zeros(BINS), 0
            for y, x in np.ndindex(*field.shape[1:]):
                if region.reshape(field.shape[1:])[y, x]:
                    length = np.hypot(*total[:, y, x])
                    place = np.degrees(np.arctan2(total[1, y, x], total[0, y, x])) % 360 / 45
                    bins[int(place)] += length * (1 - place % 1)
                    bins[(int(place) + 1) % BINS] += length * (place % 1)
                    amount, pixels = amount + length, pixels + 1
            amounts.append(amount / (pixels if pattern == 1 else 1))
            histograms.append(bins)
        chosen = int(np.argmax(amounts))
        found += [chosen + 1, int(np.argmax(histograms[chosen])) + 1]
    return found


def test_noise_by_plain_loops():
    fields = np.random.default_rng(3).normal(size=(2, 2, 16, 16))
    found = motion_labels(fields)
    assert found[[0, 1, 4, 5, 8, 9]].tolist() == slow_places(fields[:, 0])
    assert found[[2, 3, 6, 7, 10, 11]].tolist() == slow_places(fields[:, 1])


def shares(video):
    """Of the region and the direction that computed flow names, how much of the largest they hold.

    Of true motion, in each pattern and moving component; and the mean over all, for a guess.
    """
    labels = motion_labels(stored(flow(video.frames)))
    for part in range(2):
        field = video.fields[:, part]
        if np.abs(field).max() < 0.5:
            continue
        total = boundaries(field).sum(axis=0).reshape(2, -1)
        length, split = np.hypot(*total), orientations(total)
        for pattern, regions in enumerate(patterns(field.shape[-1])):
            region, direction = labels[[4 * pattern + 2 * part, 4 * pattern + 2 * part + 1]] - 1
            amounts = regions @ length / (regions.sum(axis=1) if pattern == 1 else 1)
            bins = split[regions[region]].sum(axis=0)
            yield amounts / amounts.max(), region, bins / max(bins.max(), 1e-9), direction


def test_labels_of_computed_flow_are_near_those_of_true_motion():
    found = [share for video in moving(12) for share in shares(video)]
    regions = [(amounts[region], amounts.mean()) for amounts, region, _, _ in found]
    directions = [(bins[direction], bins.mean()) for _, _, bins, direction in found]
    for named, guess in (np.mean(regions, axis=0), np.mean(directions, axis=0)):
        assert named > 0.75 and guess < 0.5
