"""Held-out training videos for choosing hyper-parameters. NumPy only."""

import numpy as np
import numpy.typing as npt

from fame.core.errors import FameError
from fame.core.randomness import generator


def held_out(
    labels: npt.NDArray[np.int64], groups: npt.NDArray[np.str_], share: float, seed: int
) -> npt.NDArray[np.bool_]:
    """Choose about `share` of each class, never splitting a group.

    Clips of one group are cut from one source and look alike, so a group on both sides would
    inflate every score. Groups (or single videos, if the group is "") are visited in a keyed
    order, and one is held out unless that moves the classes away from their targets.

    Args:
        labels: (N,) classes of the training videos.
        groups: (N,) group names, "" where unknown.
        share: target share of every class, 0 to 1; at least one video of a class with two or more.
        seed: of the draw.

    Returns:
        (N,) True for held-out videos.

    Raises:
        FameError: if nothing can be held out, or nothing else would be left.
    """
    lacking = _targets(labels, share)
    chosen = np.zeros(len(labels), dtype=bool)
    units = _units(groups)
    for number in generator(seed, "holdout").permutation(len(units)):
        members = units[number]
        classes, counts = np.unique(labels[members], return_counts=True)
        gain = np.abs(lacking[classes]) - np.abs(lacking[classes] - counts)
        if gain.sum() >= 0:
            chosen[members] = True
            lacking[classes] -= counts
    if not chosen.any() or chosen.all():
        raise FameError(
            f"no share of {share} of {len(labels)} training videos can be held out without "
            "splitting a group; give a single learning rate in evaluate.linear.lrs"
        )
    return chosen


def _targets(labels: npt.NDArray[np.int64], share: float) -> npt.NDArray[np.int64]:
    """Videos to hold out of each class: one at least, but never all."""
    counts = np.bincount(labels)
    wanted = np.maximum(np.rint(share * counts).astype(np.int64), 1)
    return np.clip(wanted, 0, np.maximum(counts - 1, 0))


def _units(groups: npt.NDArray[np.str_]) -> list[npt.NDArray[np.int64]]:
    """Indices that stay together: the videos of a group, or a video without one."""
    alone = [np.array([index]) for index in np.flatnonzero(groups == "")]
    names, inverse = np.unique(groups, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    together = np.split(order, np.cumsum(np.bincount(inverse, minlength=len(names)))[:-1])
    known = [unit for name, unit in zip(names, together, strict=True) if name != ""]
    return alone + known
