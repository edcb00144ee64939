"""The nearest neighbours of a video in a library. NumPy only."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fame.core.errors import FameError
from fame.evaluate.tasks.retrieval import neighbours, normalise
from fame.search.library import OK, Library, Row, Stamp


@dataclass(frozen=True)
class Neighbour:
    """A video of the library, and the cosine in [-1, 1] of its vector with the query's."""

    row: Row
    cosine: float


def stored(library: Library, video: Path) -> Row | None:
    """The library's row of a video, if it has a vector and the file is still the same."""
    stamp = Stamp.of(video.absolute())
    row = library.rows.get(stamp.path)
    return row if row and row.status == OK and row.stamp == stamp else None


def nearest(
    query: npt.NDArray[np.floating],
    library: Library,
    k: int,
    *,
    centre: bool = True,
    without: Path | None = None,
) -> list[Neighbour]:
    """The `k` nearest videos by cosine, nearest first, ties in order of their paths.

    Args:
        query: (D,) unit vector, not centred.
        library: the set; skipped videos do not count.
        k: the number of neighbours, fewer if the set is smaller.
        centre: subtract the set's mean from both before the cosine, as retrieval does (facts A8).
        without: a video to exclude from the answer (not from the mean), under any of its paths;
            usually the query.

    Raises:
        FameError: there is nothing to compare with, or a set of one video is to be centred.
    """
    members, vectors = library.usable()
    here = [place for place, row in enumerate(members) if not _same(row, without)]
    if not here:
        raise FameError("the features have no video to compare with; embed more videos")
    if centre and len(members) < 2:
        raise FameError("centring needs two videos at least; embed more or give --no-centre")
    mean = vectors.mean(axis=0) if centre else np.zeros(vectors.shape[1])
    gallery = normalise(vectors[here] - mean)
    places, cosines = neighbours(normalise(query[None] - mean), gallery, min(k, len(here)))
    return [
        Neighbour(members[here[place]], float(cosine))
        for place, cosine in zip(places[0], cosines[0], strict=True)
    ]


def _same(row: Row, video: Path | None) -> bool:
    return video is not None and os.path.realpath(row.stamp.file) == os.path.realpath(video)
