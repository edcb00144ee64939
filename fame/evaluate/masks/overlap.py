"""Overlap of masks with a true foreground: scores, chance values, best possible values. No torch.

All functions take N masks at once, each a row of P pixels.
"""

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


def overlap(masks: Bools, truths: Bools) -> dict[str, Floats]:
    """Intersection over union, precision and recall of binary masks.

    Args:
        masks: (N, P).
        truths: (N, P), each with at least one true pixel.

    Returns:
        `iou`, `precision` and `recall`, each (N,) in [0, 1]; all 0 for an empty mask.
    """
    shared = (masks & truths).sum(1)
    kept, true = masks.sum(1), truths.sum(1)
    return {
        "iou": shared / (kept + true - shared),
        "precision": shared / np.maximum(kept, 1),
        "recall": shared / true,
    }


def average_precision(maps: npt.NDArray[np.floating], truths: Bools) -> Floats:
    """Area under the precision-recall steps: sum of (R_i - R_{i-1}) * P_i over the thresholds.

    The thresholds are the map's distinct values, so that equal pixels enter together and no
    order among them matters; a constant map scores the truth's share of the area.

    Args:
        maps: (N, P) finite scores, high = foreground.
        truths: (N, P), each with at least one true pixel.

    Returns:
        (N,) in (0, 1].
    """
    return np.array([_average_precision(*pair) for pair in zip(maps, truths, strict=True)])


def _average_precision(scores: npt.NDArray[np.floating], truth: Bools) -> float:
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    last = np.append(ranked[1:] != ranked[:-1], True)
    hits = np.cumsum(truth[order])[last]
    precision = hits / (np.flatnonzero(last) + 1)
    return float(np.sum(np.diff(hits, prepend=0) * precision) / hits[-1])


def by_chance(pixels: int, kept: npt.NDArray[np.int64], true: npt.NDArray[np.int64]) -> Floats:
    """Expected intersection over union of a random mask of the same number of pixels.

    The intersection is hypergeometric; with k pixels kept and m true ones the expectation is the
    sum over x of P(x) * x / (k + m - x). (Expected precision is m / P, expected recall k / P.)

    Args:
        pixels: P.
        kept: (N,) pixels of the masks.
        true: (N,) pixels of the truths, each at least 1.

    Returns:
        (N,) in [0, 1].
    """
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, pixels + 1)))])  # of factorials

    def choose(whole: int, part: npt.NDArray[np.int64]) -> Floats:
        result: Floats = logs[whole] - logs[part] - logs[whole - part]
        return result

    def expected(k: int, m: int) -> float:
        x = np.arange(max(0, k + m - pixels), min(k, m) + 1)
        weights = np.exp(choose(m, x) + choose(pixels - m, k - x) - choose(pixels, np.array(k)))
        return float(np.sum(weights * x / (k + m - x)))

    return np.array([expected(int(k), int(m)) for k, m in zip(kept, true, strict=True)])


def best_possible(
    kept: npt.NDArray[np.int64], true: npt.NDArray[np.int64]
) -> dict[str, npt.NDArray[np.float64]]:
    """The best scores that masks of a given number of pixels can reach.

    Args:
        kept: (N,) pixels of the masks.
        true: (N,) pixels of the truths, each at least 1.

    Returns:
        `iou`, `precision` and `recall`, each (N,) in [0, 1].
    """
    shared = np.minimum(kept, true)
    return {
        "iou": shared / np.maximum(kept, true),
        "precision": shared / np.maximum(kept, 1),
        "recall": shared / true,
    }
