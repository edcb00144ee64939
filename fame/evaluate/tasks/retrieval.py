"""Nearest-neighbour retrieval, Table 6 (facts A8). NumPy only.

Test videos are queries, training videos the gallery. A query is a hit at rank k if one of
its k nearest videos by cosine shares its class.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fame.config.evaluation import Retrieval
from fame.config.scale import Scale
from fame.core.errors import FameError
from fame.evaluate.features.store import Features, load_in
from fame.evaluate.results import write_columns, write_result
from fame.pipeline.tasks import Task, origin_of_result

TASK = Task(
    does="Retrieve training videos for test videos and write R@k.",
    settings=("evaluate.retrieval",),
    metrics=("r{evaluate.retrieval.ranks}",),
    features=("{evaluate.retrieval.normalisation}",),
)

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_BLOCK = 512
"""Queries compared at a time, which bounds the memory."""

_DECIMALS = 10
"""Similarities are rounded so that equal videos tie whatever the order of summation."""


def normalise(vectors: npt.NDArray[np.floating]) -> Floats:
    """Scale vectors (..., D) to length 1; the zero vector stays zero."""
    exact = vectors.astype(np.float64)
    length = np.linalg.norm(exact, axis=-1, keepdims=True)
    result: Floats = exact / np.where(length > 0, length, 1)
    return result


def embed(clips: npt.NDArray[np.floating], centre: bool) -> Floats:
    """One unit vector for each video.

    Each clip is L2-normalised, a video's clips are averaged, the set's mean video is
    subtracted if `centre`, and the result is L2-normalised (facts A8).

    Args:
        clips: (N, clips, D) features of one set, queries or gallery.
        centre: subtract the set's mean.

    Returns:
        (N, D) float64.

    Raises:
        FameError: a set of one video is to be centred, which would make its feature zero.
    """
    videos = normalise(clips).mean(axis=1)
    if centre:
        if len(videos) < 2:
            raise FameError(
                "retrieval.centre needs at least two videos in each split, or set it to false"
            )
        videos = videos - videos.mean(axis=0)
    return normalise(videos)


def neighbours(queries: Floats, gallery: Floats, k: int) -> tuple[Integers, Floats]:
    """The `k` nearest gallery rows of each query, nearest first, ties by lowest index.

    Args:
        queries: (Q, D) unit vectors.
        gallery: (G, D) unit vectors.
        k: how many.

    Returns:
        (Q, k) gallery indices and (Q, k) their cosines in [-1, 1].

    Raises:
        FameError: if the gallery holds fewer than `k` videos.
    """
    if k > len(gallery):
        raise FameError(
            f"retrieval.ranks asks for {k} neighbours but the gallery holds {len(gallery)} videos"
        )
    indices = np.empty((len(queries), k), dtype=np.int64)
    cosines = np.empty((len(queries), k))
    for start in range(0, len(queries), _BLOCK):
        block = slice(start, start + _BLOCK)
        similar = np.round(queries[block] @ gallery.T, _DECIMALS)
        indices[block] = np.argsort(-similar, axis=1, kind="stable")[:, :k]
        cosines[block] = np.take_along_axis(similar, indices[block], axis=1)
    return indices, cosines


def retrieve(features: Features, settings: Retrieval) -> dict[str, Any]:
    """Recall at each rank, and the neighbours themselves.

    Args:
        features: with the splits "train" (gallery) and "test" (queries).
        settings: whether to centre, and which ranks.

    Returns:
        `metrics`: `r1`, `r5` ... in percent; `details`: sizes and settings; and the arrays
        `queries` (Q,) and `neighbours` (Q, largest rank) of video ids, nearest first, with
        `cosines` (Q, largest rank) float64 and `same` (Q, largest rank), whether it is of the
        query's class.

    Raises:
        FameError: if a rank exceeds the gallery, or a split is empty or lacks labels.
    """
    gallery, queries = features.rows("train"), features.rows("test")
    indices, cosines = neighbours(
        embed(features.features[queries], settings.centre),
        embed(features.features[gallery], settings.centre),
        max(settings.ranks),
    )
    nearest = gallery[indices]
    same = features.labels[nearest] == features.labels[queries][:, None]
    return {
        "metrics": {f"r{k}": float(100 * same[:, :k].any(axis=1).mean()) for k in settings.ranks},
        "details": {
            "untrained": features.untrained,
            "gallery": len(gallery),
            "queries": len(queries),
            "clips": features.features.shape[1],
            "centre": settings.centre,
        },
        "queries": features.videos[queries],
        "neighbours": features.videos[nearest],
        "cosines": cosines,
        "same": same,
    }


def run(scale: Scale, source: Path, out: Path) -> None:
    """Retrieve training videos by test videos; writes R@k and each query's neighbours.

    `source` is the folder of the features, `out` the result's file.

    `retrieval.parquet` has one row per query: `query`, `neighbours` and `cosines` (nearest first),
    and `first_hit`, the rank of the nearest neighbour of the query's class, 0 for none.
    """
    features = load_in(source, scale.evaluate.retrieval.normalisation)
    retrieved = retrieve(features, scale.evaluate.retrieval)
    hits = retrieved["same"]
    columns = {
        "query": [str(video) for video in retrieved["queries"]],
        "neighbours": [[str(video) for video in row] for row in retrieved["neighbours"]],
        "cosines": list(retrieved["cosines"]),
        "first_hit": (hits.argmax(axis=1) + 1) * hits.any(axis=1),
    }
    write_columns(out.with_suffix(".parquet"), columns)
    write_result(
        out,
        task="retrieval",
        metrics=retrieved["metrics"],
        details=retrieved["details"] | origin_of_result(scale, "retrieval"),
        **features.origin,
    )
