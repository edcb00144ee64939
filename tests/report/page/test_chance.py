"""Recall at k of a random order, against every order of a small gallery."""

from itertools import permutations

import pandas as pd
import pytest

from fame.report.page.chance import of_retrieval, recall


@pytest.mark.parametrize("k", [1, 2, 3, 9])
def test_recall_is_the_mean_over_all_orders(k):
    gallery, queries = ["a", "a", "b", "c"], ["a", "b", "b", "d"]
    orders = list(permutations(gallery))
    hits = sum(query in order[:k] for query in queries for order in orders)
    counts = [{name: videos.count(name) for name in videos} for videos in (gallery, queries)]
    assert recall(*counts, k) == pytest.approx(hits / len(orders) / len(queries))


@pytest.fixture
def manifest(tmp_path):
    rows = [
        ("a", "train", "ok"),
        ("b", "train", "ok"),
        ("a", "test", "ok"),
        ("a", "train", "short"),
    ]
    rows += [(None, "train", "ok"), ("b", "val", "ok")]
    pd.DataFrame(rows, columns=["label", "split", "status"]).to_parquet(tmp_path / "m.parquet")
    return tmp_path / "m.parquet"


def test_only_usable_videos_count(manifest):
    assert of_retrieval(manifest, "r1", {"gallery": 2, "queries": 1}) == pytest.approx(50)
    assert of_retrieval(manifest, "r5", {"gallery": 2, "queries": 1}) == pytest.approx(100)


def test_nothing_is_said_of_other_videos_or_metrics(manifest):
    assert of_retrieval(manifest, "r1", {"gallery": 3, "queries": 1}) is None
    assert of_retrieval(manifest, "top1", {"gallery": 2, "queries": 1}) is None
    assert of_retrieval(manifest.with_name("none"), "r1", {"gallery": 2, "queries": 1}) is None
