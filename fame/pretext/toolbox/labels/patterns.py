"""Three ways to cut a square view into regions (Wang et al., CVPR 2019), for labels of place."""

from functools import lru_cache

import numpy as np

MULTIPLE = 8
"""The side of a view must be a multiple of this, so that all regions have whole sides."""


@lru_cache(maxsize=8)
def patterns(size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The regions of each pattern.

    Pattern 1 has 4 x 4 cells, row by row. Pattern 2 has four square rings from the centre outwards.
    Pattern 3 has the quadrants, each cut by the diagonal through the view's centre, which belongs
    to both triangles: top left below and above its diagonal, top right above and below, bottom left
    above and below, bottom right below and above.

    Args:
        size: side of the view, S, a multiple of `MULTIPLE`.

    Returns:
        Three arrays (regions, S * S) bool, of 16, 4 and 8 regions.
    """
    y, x = np.indices((size, size)).reshape(2, -1)
    quarter, half = size // 4, size // 2
    cells = y // quarter * 4 + x // quarter
    away = np.maximum(np.abs(2 * y - size + 1), np.abs(2 * x - size + 1))
    rings = np.minimum(4 * away // size, 3)
    return _split(cells, 16), _split(rings, 4), _triangles(y, x, half)


def _split(owners: np.ndarray, count: int) -> np.ndarray:
    return owners == np.arange(count)[:, None]


def _triangles(y: np.ndarray, x: np.ndarray, half: int) -> np.ndarray:
    top, left, mirrored = y < half, x < half, 2 * half - 1 - x
    falling_low, falling_high, rising_low, rising_high = (
        y >= x,
        y <= x,
        y >= mirrored,
        y <= mirrored,
    )
    return np.stack(
        [
            top & left & falling_low,
            top & left & falling_high,
            top & ~left & rising_high,
            top & ~left & rising_low,
            ~top & left & rising_high,
            ~top & left & rising_low,
            ~top & ~left & falling_low,
            ~top & ~left & falling_high,
        ]
    )
