"""PSNR and SSIM against their definitions."""

import numpy as np
import pytest
from small_videos import pictures

from fame.data.video.quality import psnr, ssim


def noisy(picture, strength):
    noise = np.random.default_rng(0).normal(0, strength, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def test_equal_pictures():
    (picture,) = pictures(1)
    assert psnr(picture, picture) == float("inf")
    assert ssim(picture, picture) == pytest.approx(1)


def test_psnr_by_hand():
    one = np.full((8, 8, 3), 100, np.uint8)
    assert psnr(one, one + 10) == pytest.approx(20 * np.log10(255 / 10))


def test_ssim_by_a_slow_transcription():
    (one,) = pictures(1)
    other = noisy(one, 20)
    luma = [picture @ np.array([0.299, 0.587, 0.114]) for picture in (one, other)]
    scores = []
    for top in range(0, 24, 8):
        for left in range(0, 32, 8):
            x, y = (plane[top : top + 8, left : left + 8].ravel() for plane in luma)
            c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
            covariance = np.cov(x, y, bias=True)[0, 1]
            scores.append(
                (2 * x.mean() * y.mean() + c1)
                * (2 * covariance + c2)
                / ((x.mean() ** 2 + y.mean() ** 2 + c1) * (x.var() + y.var() + c2))
            )
    assert ssim(one, other) == pytest.approx(np.mean(scores))


def test_more_noise_is_less_alike():
    (picture,) = pictures(1)
    for measure in (psnr, ssim):
        scores = [measure(picture, noisy(picture, strength)) for strength in (5, 20, 60)]
        assert scores == sorted(scores, reverse=True)
        assert len(set(scores)) == 3
