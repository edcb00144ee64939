"""Where colours change most and least, and which they are: thirteen numbers of a clip.

After Wang et al., "Self-supervised video representation learning by uncovering spatio-temporal
statistics" (TPAMI 2021).
"""

from typing import Literal

import numpy as np

from fame.pretext.toolbox.labels.motion_labels import EQUAL, first_largest
from fame.pretext.toolbox.labels.patterns import patterns

NUMBERS = 13
Colour = Literal["exact", "octant"]
"""How a block's dominant colour is found: the octant of its commonest colour, as released, or the
octant that most of its pixels are in."""


def likeness(frames: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """How alike each region's colours are from frame to frame.

    Args:
        frames: (T, S * S, 3) uint8.
        regions: (R, S * S) bool.

    Returns:
        (R,) in [0, 1]: of the histograms of each channel in each frame, the sum over values of
        their least count over that of their largest; the mean of the channels.
    """
    owners, places = np.nonzero(regions)
    shape = (len(regions), len(frames), 256)
    start = (owners * len(frames) + np.arange(len(frames))[:, None]) * 256
    found = []
    for channel in range(3):
        values = (start + frames[:, places, channel]).ravel()
        counts = np.bincount(values, minlength=np.prod(shape)).reshape(shape)
        found.append(counts.min(axis=1).sum(axis=1) / counts.max(axis=1).sum(axis=1))
    return np.mean(found, axis=0)


def octant(colours: np.ndarray) -> np.ndarray:
    """The octant of RGB colours (..., 3) uint8, 1 to 8.

    In order: high in blue; green and blue; red and blue; all; none; green; red; red and green.
    """
    red, green, blue = np.moveaxis((colours >= 128).astype(np.int64), -1, 0)
    return 1 + 4 * (1 - blue) + 2 * red + green


def dominant(colours: np.ndarray, colour: Colour) -> int:
    """The octant of the dominant colour of pixels (N, 3) uint8; of equals the lowest."""
    if colour == "octant":
        return int(np.bincount(octant(colours)).argmax())
    codes = colours.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
    values, counts = np.unique(codes, return_counts=True)
    red, rest = divmod(int(values[counts.argmax()]), 1 << 16)
    return int(octant(np.array([red, *divmod(rest, 1 << 8)], np.uint8)))


def appearance_labels(frames: np.ndarray, colour: Colour) -> np.ndarray:
    """The labels of a clip's colours.

    Args:
        frames: (T, S, S, 3) uint8 RGB, as the encoder sees them before they are normalised.
        colour: how dominant colours are found.

    Returns:
        (13,) int64, from 1. For each of three patterns of regions, which are blocks in space and
        time: the block whose colours change most, its dominant colour, the block whose colours
        change least, and its. Then the clip's dominant colour.
    """
    flat = frames.reshape(len(frames), -1, 3)
    numbers: list[int] = []
    for regions in patterns(frames.shape[1]):
        alike = likeness(flat, regions)
        # Of equals the lowest: least alike are those within a hair of the least.
        for chosen in (int(np.argmax(alike <= alike.min() + EQUAL)), first_largest(alike)):
            block = flat[:, regions[chosen]].reshape(-1, 3)
            numbers += [chosen + 1, dominant(block, colour)]
    return np.array([*numbers, dominant(flat.reshape(-1, 3), colour)], np.int64)
