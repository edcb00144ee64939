"""What a generated video's sound tells of its motion."""

import numpy as np
import pytest
from small_worlds import STEADY, config

from fame.config.worlds import MOTIONS
from fame.data.synthetic import render, truth
from fame.data.synthetic.motions import Beat, Trajectory, trajectory
from fame.data.synthetic.sound import LOUDEST, soundtrack, speeds, turns

RATE, FPS, FRAMES = 24_000, 25, 50
STEP = RATE // FPS
WORDS = {motion: number for number, motion in enumerate(MOTIONS)}


def still(**changes):
    zero, one = np.zeros(FRAMES), np.ones(FRAMES)
    lines = {"x": zero, "y": zero, "scale": one, "angle": zero, "visible": one}
    return Trajectory(**lines | changes)


def heard(path, heights=None, scene=0.5, seed=0):
    rng = np.random.default_rng(seed)
    heights = np.full(FRAMES, 0.5) if heights is None else heights
    return soundtrack(rng, path, heights, 10.0, 40, scene, FPS, RATE).astype(float)


def loudest_pitch(samples):
    """The frequency of the highest peak between 300 and 2000 Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    return hertz[np.where((hertz > 300) & (hertz < 2000), spectrum, 0).argmax()]


@pytest.mark.parametrize(("height", "hertz"), [(0.0, 400), (0.5, 800), (1.0, 1600)])
def test_pitch_follows_height(height, hertz):
    fast = still(x=4.0 * np.arange(FRAMES))
    assert loudest_pitch(heard(fast, np.full(FRAMES, height))) == pytest.approx(hertz, rel=0.01)


def test_loudness_follows_speed_of_every_kind_of_motion():
    steps = np.arange(FRAMES, dtype=float)
    rest = heard(still()).std()
    for path in (still(x=2 * steps), still(y=-2 * steps), still(angle=0.2 * steps)):
        assert speeds(path, 10.0) == pytest.approx(2.0)
        assert heard(path).std() > 1.5 * rest
    assert speeds(still(scale=1 + 0.2 * steps), 10.0) == pytest.approx(2.0)
    full = heard(still(x=100 * steps))
    assert full.std() == pytest.approx(LOUDEST * np.sqrt(0.5 * 1.1), rel=0.03)  # noise at -10 dB


def test_a_sprite_that_is_off_has_no_tone():
    shown = np.where(np.arange(FRAMES) < 25, 1.0, 0.0)
    samples = heard(still(visible=shown, x=4.0 * np.arange(FRAMES)))
    assert samples[: 24 * STEP].std() > 3 * samples[27 * STEP :].std()


def test_clicks_are_where_the_motion_turns():
    beat = Beat(period=25, amplitude=8, phase=0, direction=1)
    paths = {words: trajectory(number, FRAMES, beat) for words, number in WORDS.items()}
    # sin(2 pi t / 25) turns a quarter and three quarters through its cycle.
    assert turns(paths["slow", "sway"]).tolist() == [6, 19, 31, 44]
    assert turns(paths["slow", "bounce"]).tolist() == [6, 19, 31, 44]
    assert len(turns(paths["fast", "bounce"])) == 8
    assert len(turns(paths["wide", "circle"])) == 7  # each axis turns twice a lap
    assert turns(paths["steady", "pulse"]).tolist() == [6, 19, 31, 44]
    assert turns(paths["steady", "spin"]).tolist() == []
    assert turns(paths["steady", "blink"]).tolist() == [1, 13, 26, 38]
    bounce = paths["slow", "bounce"]
    with_clicks, without = heard(bounce), heard(still(y=np.linspace(0, 1, FRAMES)))
    for frame in (6, 19, 31, 44):
        begin = frame * STEP
        burst = np.square(np.diff(with_clicks, 2)[begin : begin + 100]).mean()
        assert burst > 10 * np.square(np.diff(without, 2)[begin : begin + 100]).mean()
        before = np.square(np.diff(with_clicks, 2)[begin - 110 : begin - 10]).mean()
        assert burst > 10 * before  # a click starts at once: backwards it would not


def test_noise_tells_the_scene():
    high = [np.abs(np.diff(heard(still(), scene=scene))).mean() for scene in (0.0, 0.5, 0.95)]
    assert high[0] > high[1] > high[2]


def test_sound_is_keyed_and_as_long_as_the_video():
    made = config(sound=True, frames=25, **STEADY)
    first, again = (render(made, 1, "train", 3).sound for _ in range(2))
    assert first.dtype == np.int16 and len(first) == RATE
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, render(made, 1, "train", 4).sound)
    assert np.abs(first.astype(int)).max() < 32_000


def test_the_limb_is_heard_where_the_trunk_is_still():
    changes = {"still_trunk": 1.0, "limb": 0.6, "frames": 25, "sound": True}
    made = config(**changes, **STEADY)
    number = next(n for n in range(8) if MOTIONS[truth(made, 0, "train", n).motion][1] == "bounce")
    samples = render(made, 0, "train", number).sound.astype(float)
    parts = [loudest_pitch(part) for part in np.array_split(samples, 10)]
    assert max(parts) > 1.2 * min(parts)
