"""What a guess reaches in retrieval: recall at k if the training videos came in random order."""

import re
from math import comb
from pathlib import Path
from typing import Any

import pandas as pd


def of_retrieval(manifest: Path, metric: str, details: dict[str, Any]) -> float | None:
    """Recall at k of a random order, in percent.

    With n of N training videos of a query's class, the first k have one of them with probability
    1 - C(N - n, k) / C(N, k); this is its mean over the test videos.

    Args:
        manifest: of the data, with the columns `label`, `split` and `status`.
        metric: `r1`, `r5` ...
        details: of the result: `gallery` and `queries` count the videos that were used.

    Returns:
        None without the manifest, for another metric, or if the result used other videos.
    """
    match = re.fullmatch(r"r(\d+)", metric)
    if match is None or not manifest.is_file():
        return None
    table = pd.read_parquet(manifest, columns=["label", "split", "status"])
    usable = table[(table["status"] == "ok") & table["label"].notna()]
    gallery = usable.loc[usable["split"] == "train", "label"].value_counts()
    queries = usable.loc[usable["split"] == "test", "label"].value_counts()
    counts = {"gallery": int(gallery.sum()), "queries": int(queries.sum())}
    if any(details.get(name) != count for name, count in counts.items()):
        return None
    return 100 * recall(_counts(gallery), _counts(queries), int(match[1]))


def _counts(videos: "pd.Series[int]") -> dict[str, int]:
    return {str(name): int(count) for name, count in videos.items()}


def recall(gallery: dict[str, int], queries: dict[str, int], k: int) -> float:
    """Expected recall at k, 0 to 1.

    Args:
        gallery: training videos by class.
        queries: test videos by class, at least one.
        k: how many neighbours are looked at.
    """
    whole, asked = sum(gallery.values()), sum(queries.values())
    near = min(k, whole)
    missed = (
        count * comb(whole - gallery.get(name, 0), near) / comb(whole, near)
        for name, count in queries.items()
    )
    return 1 - sum(missed) / asked
