"""Examples of retrieval: queries, their nearest training videos, and which of them are hits.

Names and classes only: results hold no pictures of these videos, and those of real datasets may not
be passed on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from fame.config.scale import Scale
from fame.core.errors import FameError
from fame.pipeline.experiments import result_file
from fame.pipeline.paths import Places
from fame.pipeline.runs import data_id
from fame.report.page.pairs import Pair, title
from fame.report.page.seeds import Seeds

QUERIES = 10
"""At most so many, of classes that lie evenly apart in the order of names."""

NEAREST = 5
"""Neighbours of each query."""


@dataclass(frozen=True)
class Neighbour:
    """A training video, its class, and whether that is the query's."""

    video: str
    label: str
    hit: bool


@dataclass(frozen=True)
class Query:
    """A test video with what each encoder finds nearest, nearest first."""

    video: str
    label: str
    found: tuple[tuple[Neighbour, ...], ...]


@dataclass(frozen=True)
class Examples:
    """Queries of one seed's test videos.

    Attributes:
        encoders: one for each tuple in `Query.found`.
    """

    title: str
    seed: int
    encoders: tuple[str, ...]
    queries: tuple[Query, ...]


def examples(pairs: Sequence[Pair], scale: Scale, results: Path) -> tuple[Examples, ...]:
    """Examples of each dataset and backbone on which FAME and MoCo retrieve: of the first seed.

    Nothing for a pair whose neighbours or manifest are not there.

    Args:
        pairs: FAME beside MoCo.
        scale: the scale.
        results: `results/<scale>`.

    Raises:
        FameError: a file of neighbours is not one.
    """
    chosen = {
        (pair.fame.cell.dataset, pair.fame.run.id): pair
        for pair in reversed(pairs)
        if pair.fame.cell.task == "retrieval"
    }
    made = (_examples(pair, scale, Places(results)) for pair in reversed(chosen.values()))
    return tuple(one for one in made if one is not None)


def _examples(pair: Pair, scale: Scale, places: Places) -> Examples | None:
    run = pair.fame.run
    manifest = places.manifest(data_id(scale, pair.fame.cell.dataset, run.seed))
    files = [_file(one, scale, places) for one in (pair.moco, pair.fame)]
    if not all(file.is_file() for file in (manifest, *files)):
        return None
    labels = _labels(manifest)
    nearest = [_nearest(file) for file in files]
    queries = _chosen([name for name in nearest[0] if name in nearest[1]], labels)
    rows = []
    for name in queries:
        found = tuple(_judged(one[name], labels[name], labels) for one in nearest)
        rows.append(Query(name, labels[name], found))
    words = title(pair.fame, scale).split(", ")
    heading = ", ".join(word for word in words if not word.startswith("R@"))
    return Examples(heading, run.seed, ("MoCo", "FAME"), tuple(rows))


def _file(one: Seeds, scale: Scale, places: Places) -> Path:
    path = result_file(scale, one.run, one.cell.dataset, one.cell.task)
    return (places.evaluations / path).with_suffix(".parquet")


def _labels(manifest: Path) -> dict[str, str]:
    table = pd.read_parquet(manifest, columns=["video", "label"]).dropna()
    return dict(zip(table["video"].astype(str), table["label"].astype(str), strict=True))


def _nearest(file: Path) -> dict[str, list[str]]:
    """The nearest training videos by query."""
    frame = pd.read_parquet(file)
    if not {"query", "neighbours"} <= set(frame):
        raise FameError(f"{file}: holds no neighbours; delete it and evaluate again")
    pairs = zip(frame["query"], frame["neighbours"], strict=True)
    return {str(query): list(map(str, found[:NEAREST])) for query, found in pairs}


def _chosen(queries: Sequence[str], labels: dict[str, str]) -> list[str]:
    """The first query by name of each class, of at most `QUERIES` classes; no look at results."""
    first: dict[str, str] = {}
    for name in sorted(name for name in queries if name in labels):
        first.setdefault(labels[name], name)
    classes = sorted(first)
    step = max(1.0, len(classes) / QUERIES)
    places = (int(at * step) for at in range(min(QUERIES, len(classes))))
    return [first[classes[place]] for place in places]


def _judged(videos: Sequence[str], label: str, labels: dict[str, str]) -> tuple[Neighbour, ...]:
    found = ((video, labels.get(video, "unknown")) for video in videos)
    return tuple(Neighbour(video, own, own == label) for video, own in found)
