"""Log-mel features against a plain transcription of their definition."""

import math

import numpy as np
import pytest
import torch

from fame.augment.log_mel import MEAN, STD, LogMel

RATE = 24_000


def plain(samples):
    """Features (40, steps) by loops, as the release's package defines them but for its rounding."""
    samples = np.asarray(samples, dtype=np.float64)
    emphasised = np.append(samples[0], samples[1:] - 0.97 * samples[:-1])
    steps = 1 + math.ceil(max(len(samples) - 480, 0) / 240)
    filled = np.append(emphasised, np.zeros((steps - 1) * 240 + 480 - len(samples)))
    hertz = np.arange(513) * RATE / 1024
    mels = np.linspace(0, 2595 * np.log10(1 + 12_000 / 700), 42)
    edges = 700 * (10 ** (mels / 2595) - 1)
    found = np.empty((40, steps))
    for step in range(steps):
        power = np.abs(np.fft.rfft(filled[240 * step : 240 * step + 480], 1024)) ** 2 / 1024
        for band in range(40):
            low, middle, high = edges[band : band + 3]
            rise, fall = (hertz - low) / (middle - low), (high - hertz) / (high - middle)
            found[band, step] = power @ np.minimum(rise, fall).clip(min=0)
    return (np.log(found.clip(min=2**-52)) - MEAN) / STD


@pytest.mark.parametrize("count", [480, 7680, 12_345, 24_000])
def test_features_are_those_of_the_definition(count):
    samples = np.random.default_rng(count).integers(-9000, 9000, count).astype(np.int16)
    features = LogMel().double()
    found = features(torch.from_numpy(samples))
    assert found.shape == (40, features.steps(count))
    np.testing.assert_allclose(found.numpy(), plain(samples), atol=1e-4)


def test_a_second_has_99_windows_and_a_tone_is_in_its_band():
    tone = 8000 * np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)
    found = LogMel()(torch.from_numpy(tone.astype(np.int16)))
    assert found.shape == (40, 99)
    # 1000 Hz is 1000 mel, and bands lie 79.7 mel apart: the thirteenth's middle is at 1036.
    assert set(found.argmax(dim=0).tolist()) == {12}


def test_silence_has_the_least_energy_and_volume_moves_all_bands():
    features = LogMel()
    assert features(torch.zeros(2, 960, dtype=torch.int16)) == pytest.approx(
        (math.log(2**-52) - MEAN) / STD
    )
    noise = torch.randint(-500, 500, (2, 960), dtype=torch.int16)
    gap = features(noise, torch.tensor([2.0, 1.0])) - features(noise)
    assert gap[0] == pytest.approx(2 * math.log(2) / STD, abs=1e-4) and not gap[1].any()
