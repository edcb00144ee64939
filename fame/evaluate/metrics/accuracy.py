"""Top-k accuracy with deterministic ties, in NumPy."""

import numpy as np
import numpy.typing as npt

from fame.core.errors import FameError


def places(
    scores: npt.NDArray[np.floating], labels: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """The rank of the true class in each row, from 0.

    Classes of equal score are ordered by their index, so the answer does not depend on a
    sorting algorithm.

    Args:
        scores: (N, classes), higher is likelier.
        labels: (N,) true classes in 0 .. classes - 1.

    Returns:
        (N,) int64 in 0 .. classes - 1; 0 if the prediction is correct.

    Raises:
        FameError: if a score is not finite: NaN compares as false and would count as a hit.
    """
    if not np.isfinite(scores).all():
        raise FameError(
            "scores contain NaN or infinity: training diverged; lower its learning rate"
        )
    true = scores[np.arange(len(labels)), labels][:, None]
    earlier = np.arange(scores.shape[1])[None] < labels[:, None]
    before: npt.NDArray[np.int64] = ((scores > true) | ((scores == true) & earlier)).sum(axis=1)
    return before


def top(scores: npt.NDArray[np.floating], labels: npt.NDArray[np.int64], k: int) -> float:
    """Percent of rows whose true class is among the `k` likeliest; 100 if k >= classes.

    Args:
        scores: (N, classes), N > 0.
        labels: (N,) true classes.
        k: 1 for accuracy.
    """
    return float(100 * (places(scores, labels) < k).mean())


def per_class(
    scores: npt.NDArray[np.floating], labels: npt.NDArray[np.int64]
) -> list[float | None]:
    """Accuracy in percent of each class's videos; None for a class without any."""
    hits = places(scores, labels) == 0
    counts = np.bincount(labels, minlength=scores.shape[1])
    right = np.bincount(labels, weights=hits, minlength=scores.shape[1])
    return [float(100 * r / n) if n else None for r, n in zip(right, counts.tolist(), strict=True)]
