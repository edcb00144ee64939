"""Standard deviation and kurtosis of weights, with intervals. No torch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fame.core.randomness import generator
from fame.evaluate.metrics.kernels import Kernels

Floats = npt.NDArray[np.float64]

RESAMPLES = 2000
"""Of every bootstrap."""

LEVEL = 0.95
"""Of every interval."""


@dataclass(frozen=True)
class Estimate:
    """A number with the bounds of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Spread:
    """The spread of one stage's weights.

    Attributes:
        std: standard deviation, n in the denominator.
        kurtosis: excess kurtosis, 0 for a normal distribution (Fisher).
        interval: the kind of interval, in words.
    """

    std: Estimate
    kurtosis: Estimate
    interval: str


def spread(networks: Sequence[list[Kernels]], seed: int, *key: int) -> Spread:
    """The spread of a stage's weights in one or several networks.

    With several networks (seeds) it is the mean over networks with Student's interval. With one
    network the interval is a percentile bootstrap over the filters of each convolution, since
    weights of one filter belong together.

    Args:
        networks: for each network the stage's convolutions, each (filters, channels, 3).
        seed: of the bootstrap's draws.
        key: integers that also key the draws.
    """
    if len(networks) > 1:
        estimates = np.array([_std_and_kurtosis(_sums(one, _mean(one)).sum(0)) for one in networks])
        std, kurtosis = (_student(column) for column in estimates.T)
        return Spread(std, kurtosis, f"Student's t over {len(networks)} seeds")
    (one,) = networks
    std, kurtosis = _bootstrapped(one, generator(seed, "kernel-spread", *key))
    return Spread(std, kurtosis, f"bootstrap over filters ({RESAMPLES} resamples, 1 seed)")


def _mean(kernels: list[Kernels]) -> float:
    total = sum(float(kernel.sum(dtype=np.float64)) for kernel in kernels)
    return total / sum(kernel.size for kernel in kernels)


def _sums(kernels: list[Kernels], centre: float) -> Floats:
    """(filters, 5): each filter's sums of the powers 0 to 4 of its weights less `centre`."""
    return np.concatenate([_powers(kernel, centre) for kernel in kernels])


def _powers(kernel: Kernels, centre: float) -> Floats:
    rows = kernel.reshape(len(kernel), -1).astype(np.float64) - centre
    return np.stack([(rows**power).sum(1) for power in range(5)], axis=1)


def _std_and_kurtosis(sums: Floats) -> Floats:
    """(..., 5) sums of powers to (..., 2); the powers' centre need not be the mean exactly."""
    m1, m2, m3, m4 = np.moveaxis(sums[..., 1:] / sums[..., :1], -1, 0)
    variance = m2 - m1**2
    fourth = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
    return np.stack([np.sqrt(variance), fourth / variance**2 - 3], axis=-1)


def _bootstrapped(kernels: list[Kernels], draw: np.random.Generator) -> list[Estimate]:
    centre = _mean(kernels)
    total, redrawn = np.zeros(5), np.zeros((RESAMPLES, 5))
    for kernel in kernels:
        sums = _powers(kernel, centre)
        filters = len(sums)
        times = draw.multinomial(filters, np.full(filters, 1 / filters), size=RESAMPLES)
        total += sums.sum(0)
        redrawn += times @ sums
    values = _std_and_kurtosis(total)
    edges = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
    low, high = np.quantile(_std_and_kurtosis(redrawn), edges, axis=0)
    return [Estimate(*map(float, each)) for each in zip(values, low, high, strict=True)]


def _student(values: Floats) -> Estimate:
    mean, half = float(values.mean()), half_width(values)
    return Estimate(mean, mean - half, mean + half)


def half_width(values: Sequence[float] | Floats) -> float:
    """Half the width of Student's 95 % interval of the mean of n values, n >= 2."""
    # Imported here for those who need other measures only; scipy.stats takes a second longer.
    from scipy.special import stdtrit

    count = len(values)
    quantile = float(stdtrit(count - 1, (1 + LEVEL) / 2))
    return quantile * float(np.std(values, ddof=1)) / math.sqrt(count)
