"""Waving scenes and passers-by: how far they move, where, and that they are not foreground."""

import numpy as np
import pytest
from small_worlds import STEADY, config, grown

from fame.data.synthetic import background_motion, render

PALETTE = np.array([[0.2, 0.4, 0.6], [0.1, 0.5, 0.3]], dtype=np.float32)


def rngs(number):
    return [np.random.default_rng(seed) for seed in range(number)]


# --- waving


def test_a_scene_that_waves_by_nothing_is_still():
    canvas = np.random.default_rng(0).random((20, 20, 3), dtype=np.float32)
    for rng in rngs(6):
        np.testing.assert_array_equal(
            background_motion.waving(rng, canvas, 3, 0.0), np.stack([canvas] * 3)
        )


def test_waving_displaces_along_one_axis_by_no_more_than_its_reach():
    down, right = np.indices((40, 40)).astype(np.float32)
    ramps = np.stack([right, down, right], axis=-1)
    axes = set()
    for rng in rngs(30):
        moved = background_motion.waving(rng, ramps, 24, 1.5) - ramps
        aside, along = np.abs(moved[..., 0]).max(), np.abs(moved[..., 1]).max()
        assert min(aside, along) < 1e-5
        assert 1.0 < max(aside, along) <= 1.5 + 1e-5
        axes.add(bool(aside > along))
    assert axes == {True, False}


def test_waving_is_linear_interpolation_row_by_row():
    rng = np.random.default_rng(0)
    canvas = rng.random((9, 9, 3), dtype=np.float32)
    shift = rng.uniform(-3, 3, (2, 9, 9)).astype(np.float32)
    moved = background_motion.slid(canvas, shift)
    columns = np.arange(9)
    for frame, row, channel in np.ndindex(2, 9, 3):
        slow = np.interp(columns - shift[frame, row], columns, canvas[row, :, channel])
        np.testing.assert_allclose(moved[frame, row, :, channel], slow, atol=1e-6)


def test_a_part_of_the_scene_waves_and_the_rest_is_still():
    canvas = np.random.default_rng(0).random((40, 40, 3), dtype=np.float32)
    shares = []
    for rng in rngs(30):
        moved = background_motion.waving(rng, canvas, 12, 1.5)
        shares.append((moved != canvas).any(axis=(0, -1)).mean())
    assert min(shares) > 0.05
    assert max(shares) < 0.9


def test_a_mirrored_wave_is_as_likely():
    mean = np.mean([background_motion.wave(rng, 4, 8) for rng in rngs(3000)], axis=0)
    spread = np.mean([background_motion.wave(rng, 4, 8) ** 2 for rng in rngs(300)], axis=0)
    np.testing.assert_allclose(mean, 0, atol=0.05)
    np.testing.assert_allclose(spread, spread[:, :, ::-1], atol=0.15)


# --- passers-by


def passer(rng, shift=None):
    """Where someone passes, (T, 40, 40) bool, and the pictures."""
    pictures = np.full((60, 40, 40, 3), 0.9, dtype=np.float32)
    moved = np.zeros((60, 2)) if shift is None else shift
    background_motion.add_passer(rng, pictures, moved, PALETTE)
    return (pictures != np.float32(0.9)).any(axis=-1), pictures


def test_a_passer_walks_sideways_at_a_steady_pace_both_ways():
    ways = []
    for rng in rngs(40):
        there, _ = passer(rng)
        rows, columns = there.any(axis=2), there.any(axis=1)
        whole = ~columns[:, 0] & ~columns[:, -1] & columns.any(axis=1)
        # Its outline is between pixels, so its top and bottom may take one more.
        assert rows[whole].any(axis=0).sum() - rows[whole].sum(axis=1).min() <= 2
        middle = columns @ np.arange(40) / np.maximum(columns.sum(axis=1), 1)
        steps = np.diff(middle)[whole[1:] & whole[:-1]]
        assert 0.4 < abs(steps.mean()) < 1.6
        assert np.abs(steps - steps.mean()).max() < 1.01
        ways.append(steps.mean() > 0)
        assert there.mean() < 0.15
    assert 8 < sum(ways) < 32


def test_a_passer_wears_a_colour_of_the_scene_lighter_or_darker():
    for rng in rngs(10):
        there, pictures = passer(rng)
        colour = pictures[there].min(axis=0)
        ratios = colour / PALETTE
        assert (np.ptp(ratios, axis=1) < 1e-3).any()
        assert ratios.min() > 0.2


def test_a_passer_is_filmed_by_the_same_camera():
    first, _ = passer(np.random.default_rng(0))
    second, _ = passer(np.random.default_rng(0), np.tile([0, 3], (60, 1)))
    np.testing.assert_array_equal(first[:, :-3], second[:, 3:])


# --- in a video


def outside(made, video):
    """The share of pixels away from the body that change in a video."""
    shown = render(made, 0, "train", video)
    away = ~grown(shown.masks).any(axis=0)
    changed = (shown.frames != shown.frames[0]).any(axis=(0, -1))
    return changed[away].mean()


@pytest.mark.parametrize("changes", [{"waves": 1.0, "wave_reach": 1.5}, {"passers": 1.0}])
def test_the_background_moves_if_asked_and_only_then(changes):
    quiet, loud = config(**STEADY), config(**STEADY, **changes)
    videos = range(24)
    assert max(outside(quiet, video) for video in videos) == 0
    shares = [outside(loud, video) for video in videos]
    assert np.mean(np.array(shares) > 0.02) > 0.8
    assert np.mean(shares) < 0.8


@pytest.mark.parametrize("changes", [{"waves": 0.4, "wave_reach": 1.5}, {"passers": 0.4}])
def test_as_many_backgrounds_move_as_asked(changes):
    made = config(frames=12, **STEADY, **changes)
    moving = [outside(made, video) > 0 for video in range(120)]
    assert np.mean(moving) == pytest.approx(0.4, abs=0.13)


@pytest.mark.parametrize("changes", [{"waves": 1.0, "wave_reach": 1.5}, {"passers": 1.0}])
def test_what_moves_in_the_background_is_never_foreground(changes):
    quiet, loud = config(), config(**changes)
    for video in range(8):
        first, second = render(quiet, 0, "train", video), render(loud, 0, "train", video)
        np.testing.assert_array_equal(first.masks, second.masks)
        inside = first.masks & ~grown(~first.masks)  # not the edge, which blends with the scene
        np.testing.assert_array_equal(first.frames[inside], second.frames[inside])
