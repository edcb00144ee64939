"""The pan of the camera: steady, slow, in any direction, and over the whole scene."""

import numpy as np
from small_worlds import STEADY, config

from fame.config.worlds import MOTIONS
from fame.data.synthetic import camera, render, truth


def pans(fastest, number=400, frames=9):
    return np.stack([camera.pan(np.random.default_rng(n), fastest, frames) for n in range(number)])


def test_a_pan_is_steady_and_zero_halfway():
    shift = pans(0.5)
    np.testing.assert_array_equal(shift[:, 4], 0)
    steps = np.diff(shift, axis=1)
    np.testing.assert_allclose(steps, np.broadcast_to(steps[:, :1], steps.shape), atol=1e-12)


def test_pans_have_any_speed_up_to_the_fastest_and_any_direction():
    steps = pans(0.5)[:, 1] - pans(0.5)[:, 0]
    speed = np.hypot(*steps.T)
    assert 0.45 < speed.max() <= 0.5
    assert speed.min() < 0.05
    for axis in range(2):  # left as often as right, up as often as down
        assert 150 < (steps[:, axis] > 0).sum() < 250
    assert not pans(0.0).any()


def test_scene_and_body_move_together():
    made = config(frames=16, pan=0.3, **STEADY)
    found = 0
    for video in range(40):
        if MOTIONS[truth(made, 0, "train", video).motion] != ("steady", "spin"):
            continue
        shown = render(made, 0, "train", video)
        track = [np.argwhere(mask).mean(axis=0) for mask in shown.masks]
        moved = track[-1] - track[0]
        down, right = np.rint(moved).astype(int)
        first, last = shown.frames[0].astype(int), shown.frames[-1].astype(int)
        aligned = _difference(first, last, down, right)
        assert np.hypot(*moved) <= 0.3 * 15 + 0.3
        if np.hypot(*moved) > 1.5:
            found += 1
            assert aligned < _difference(first, last, 0, 0)
            assert aligned < _difference(first, last, -down, -right)
    assert found >= 2


def _difference(first, last, down, right):
    """How much the last frame differs from the first one displaced, on average."""
    moved = np.roll(first, (down, right), axis=(0, 1))
    return np.abs(moved - last)[5:-5, 5:-5].mean()
