"""Standard deviation, kurtosis and their intervals, against definitions and known cases."""

import numpy as np
import pytest
from scipy import stats

from fame.evaluate.metrics.spread import half_width, spread


def network(draw, filters=(40, 60), channels=(7, 5), scale=1.0, centre=0.0):
    return [
        (centre + scale * draw.standard_normal((f, c, 3))).astype(np.float32)
        for f, c in zip(filters, channels, strict=True)
    ]


def oracle(kernels):
    """Straight from the definitions."""
    row = np.concatenate([kernel.ravel() for kernel in kernels]).astype(np.float64)
    away = row - row.mean()
    return np.sqrt((away**2).mean()), (away**4).mean() / (away**2).mean() ** 2 - 3


@pytest.mark.parametrize("centre", [0.0, 30.0])
def test_one_network_is_as_defined(centre):
    kernels = network(np.random.default_rng(0), scale=0.3, centre=centre)
    found = spread([kernels], 0)
    std, kurtosis = oracle(kernels)
    assert found.std.value == pytest.approx(std, rel=1e-9)
    assert found.kurtosis.value == pytest.approx(kurtosis, abs=1e-7)


def test_several_networks_are_averaged_with_students_interval():
    networks = [network(np.random.default_rng(seed)) for seed in range(3)]
    found = spread(networks, 0)
    for estimate, values in zip(
        (found.std, found.kurtosis), np.array([oracle(one) for one in networks]).T, strict=True
    ):
        mean, half = values.mean(), 4.302653 * values.std(ddof=1) / np.sqrt(3)
        assert estimate.value == pytest.approx(mean, rel=1e-9)
        assert (estimate.low, estimate.high) == pytest.approx((mean - half, mean + half), rel=1e-5)
    assert found.interval == "Student's t over 3 seeds"


@pytest.mark.parametrize("count", [2, 3, 4, 10, 31])
def test_half_the_width_is_that_of_scipy_s_interval(count):
    values = np.random.default_rng(count).standard_normal(count)
    low, high = stats.t.interval(0.95, count - 1, values.mean(), stats.sem(values))
    assert half_width(values) == pytest.approx((high - low) / 2, rel=1e-9)


def test_values_that_do_not_differ_have_an_interval_without_width():
    assert half_width([2.0, 2.0, 2.0]) == 0


def test_the_bootstrap_redraws_whole_filters():
    """Filters of constant weights: by whole filters the interval is far wider than by weights."""
    draw = np.random.default_rng(1)
    kernels = [np.repeat(draw.standard_normal((50, 1, 1)), 300, axis=1).repeat(3, axis=2)]
    found = spread([kernels], 0)
    width = found.std.high - found.std.low
    assert width == pytest.approx(2 * 1.96 * found.std.value / np.sqrt(2 * 50), rel=0.35)
    assert found.std.low < found.std.value < found.std.high


def test_the_bootstrap_agrees_with_scipy_s():
    kernels = network(np.random.default_rng(2), filters=(12, 20))
    found = spread([kernels], 0)
    for number, estimate in enumerate((found.std, found.kurtosis)):
        expected = stats.bootstrap(
            [np.arange(len(kernel)) for kernel in kernels],
            lambda *rows, number=number: oracle(
                [kernel[row] for kernel, row in zip(kernels, rows, strict=True)]
            )[number],
            vectorized=False,
            n_resamples=2000,
            method="percentile",
            rng=np.random.default_rng(5),
        ).confidence_interval
        tolerance = 0.1 * (expected.high - expected.low)
        assert estimate.low == pytest.approx(expected.low, abs=tolerance)
        assert estimate.high == pytest.approx(expected.high, abs=tolerance)


def test_draws_are_keyed():
    kernels = network(np.random.default_rng(3))
    assert spread([kernels], 0, 1) == spread([kernels], 0, 1)
    assert spread([kernels], 0, 1).std.low != spread([kernels], 0, 2).std.low
