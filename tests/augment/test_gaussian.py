"""Gaussian blur against a pixel-by-pixel oracle."""

import numpy as np
import pytest
import torch

from fame.augment.gaussian import blur, kernel, kernel_size


def slow_blur(image, size, sigma):
    """A 2-D Gaussian, one pixel at a time, borders mirrored."""
    reach = size // 2
    offsets = np.arange(-reach, reach + 1)
    bell = np.exp(-(offsets**2) / (2 * sigma**2))
    bell /= bell.sum()
    padded = np.pad(image, reach, mode="reflect")
    result = np.zeros_like(image)
    for row, column in np.ndindex(*image.shape):
        window = padded[row : row + size, column : column + size]
        result[row, column] = (window * np.outer(bell, bell)).sum()
    return result


@pytest.mark.parametrize(("size", "sigma"), [(1, 1 / 3), (3, 1.0), (7, 0.5), (7, 7 / 3)])
def test_equals_the_oracle(size, sigma):
    image = np.random.default_rng(0).random((9, 12))
    blurred = blur(torch.from_numpy(image)[None], size, sigma)[0]
    np.testing.assert_allclose(blurred, slow_blur(image, size, sigma), atol=1e-12)


def test_each_sample_has_its_own_sigma_for_all_its_planes():
    draw = torch.Generator().manual_seed(0)
    clips = torch.rand(3, 3, 4, 10, 11, dtype=torch.float64, generator=draw)
    sigmas = torch.tensor([0.3, 1.0, 2.0])
    blurred = blur(clips, 5, sigmas)
    assert blurred.shape == clips.shape
    for sample in range(3):
        expected = slow_blur(clips[sample, 2, 1].numpy(), 5, float(sigmas[sample]))
        np.testing.assert_allclose(blurred[sample, 2, 1], expected, atol=1e-7)


def test_a_sample_does_not_depend_on_its_batch():
    images = torch.rand(6, 20, 24, generator=torch.Generator().manual_seed(0))
    together = blur(images, 7, 1.5)
    for sample in range(6):
        assert torch.equal(blur(images[sample : sample + 1], 7, 1.5)[0], together[sample])


def test_a_constant_stays_and_bad_sizes_fail():
    torch.testing.assert_close(blur(torch.full((1, 8, 8), 0.7), 5, 1.0), torch.full((1, 8, 8), 0.7))
    with pytest.raises(RuntimeError):
        blur(torch.zeros(1, 4, 4), 11, 1.0)


@pytest.mark.parametrize(
    ("crop", "size"), [(224, 23), (112, 11), (64, 7), (56, 5), (32, 3), (16, 1), (9, 1)]
)
def test_kernel_sizes_of_the_authors(crop, size):
    assert kernel_size(crop) == size


def test_even_kernels_are_symmetric():
    weights = kernel(6, torch.tensor([2.0], dtype=torch.float64))[0]
    torch.testing.assert_close(weights, weights.flip(0))
    torch.testing.assert_close(weights.sum(), torch.tensor(1.0, dtype=torch.float64))
