"""Where the largest motion is, and whither: fourteen numbers of a clip's flow.

After Wang et al., "Self-supervised spatio-temporal representation learning for videos by predicting
motion and appearance statistics" (CVPR 2019). Motion boundaries, the spatial changes of the flow,
do not see a camera's uniform motion.
"""

import numpy as np

from fame.pretext.toolbox.labels.patterns import patterns

NUMBERS = 14
BINS = 8
"""Directions: 45 degrees each, clockwise from the right, since y runs downwards."""

EQUAL = 1e-9
"""Values that differ by less than this share count as equal; the lowest index then wins."""


def first_largest(values: np.ndarray) -> int:
    """The index of the largest of values (N,) >= 0, the lowest one of equals."""
    return int(np.argmax(values >= (1 - EQUAL) * values.max()))


def boundaries(field: np.ndarray) -> np.ndarray:
    """Changes of one component of the flow along x and y, over three rows or columns.

    Args:
        field: (P, S, S); beyond its edges the outermost values are repeated.

    Returns:
        (P, 2, S, S): what stands before each pixel less what comes after it, along x, then y.
    """
    padded = np.pad(field, ((0, 0), (1, 1), (1, 1)), mode="edge")
    across = padded[:, :, :-2] - padded[:, :, 2:]
    down = padded[:, :-2] - padded[:, 2:]
    return np.stack(
        [
            across[:, :-2] + across[:, 1:-1] + across[:, 2:],
            down[:, :, :-2] + down[:, :, 1:-1] + down[:, :, 2:],
        ],
        axis=1,
    )


def orientations(change: np.ndarray) -> np.ndarray:
    """How much of each pixel's vector falls into each direction.

    Args:
        change: (2, N), along x and y.

    Returns:
        (N, BINS): the vector's length, split linearly between the two nearest directions.
    """
    place = np.degrees(np.arctan2(change[1], change[0])) % 360 / (360 / BINS)
    before = np.floor(place)
    share, rows = place - before, np.arange(len(place))
    length, split = np.hypot(*change), np.zeros((len(place), BINS))
    split[rows, before.astype(np.int64) % BINS] = length * (1 - share)
    split[rows, (before.astype(np.int64) + 1) % BINS] += length * share
    return split


def motion_labels(fields: np.ndarray) -> np.ndarray:
    """The labels of a clip's flow.

    Args:
        fields: (P, 2, S, S) flow of P pairs of frames, u and v; 0 for pairs to be left out.

    Returns:
        (14,) int64. For each of three patterns of regions: the region whose boundaries, summed over
        time, are largest, and their commonest direction, for u and then for v; all from 1, or 0 and
        0 in the first pattern if nothing moves. Regions are compared by their sum, rings by their
        mean. Then the pair of frames with the largest boundaries, of u and of v, from 1.
    """
    parts = [_component(fields[:, part]) for part in range(2)]
    placed = [pair for two in zip(*(places for places, _ in parts), strict=True) for pair in two]
    times = [time for _, time in parts]
    return np.array([*(number for pair in placed for number in pair), *times], np.int64)


def _component(field: np.ndarray) -> tuple[list[tuple[int, int]], int]:
    """Of u or v: region and direction in each pattern, and the largest pair of frames."""
    changes = boundaries(field.astype(np.float64))
    total = changes.sum(axis=0).reshape(2, -1)
    split, length = orientations(total), np.hypot(*total)
    cells, rings, triangles = patterns(field.shape[-1])
    places = [
        _place(cells, cells @ length, split) if length.any() else (0, 0),
        _place(rings, rings @ length / rings.sum(axis=1), split),
        _place(triangles, triangles @ length, split),
    ]
    strengths = np.hypot(changes[:, 0], changes[:, 1]).sum(axis=(1, 2))
    return places, first_largest(strengths) + 1


def _place(regions: np.ndarray, amounts: np.ndarray, split: np.ndarray) -> tuple[int, int]:
    chosen = first_largest(amounts)
    return chosen + 1, first_largest(split[regions[chosen]].sum(axis=0)) + 1
