import json

import numpy as np
import pandas as pd
import pytest

import fame
from fame.core.errors import FameError
from fame.evaluate.metrics import accuracy
from fame.evaluate.results import read_result, write_predictions, write_result

FIELDS = {
    "task": "linear",
    "run": "moco-r2plus1d-s0-1a2b3c4d",
    "data": "ucf101-w0",
    "dataset": "ucf101",
    "seed": 0,
    "metrics": {"top1": 44.25, "top5": 90.0},
    "details": {"lr": 5.0, "per_class": {"A": None}},
}


def test_round_trip(tmp_path):
    path = tmp_path / "deep" / "linear.json"
    write_result(path, **FIELDS)
    assert read_result(path) == FIELDS | {"fame": fame.__version__}
    assert [file.name for file in path.parent.iterdir()] == ["linear.json"]


def test_numpy_metrics_become_plain_numbers(tmp_path):
    path = tmp_path / "r.json"
    write_result(path, **FIELDS | {"metrics": {"top1": np.float32(12.5)}})
    assert read_result(path)["metrics"] == {"top1": 12.5}


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), np.float32("nan")])
def test_metrics_must_be_finite(tmp_path, bad):
    with pytest.raises(FameError, match="top1"):
        write_result(tmp_path / "r.json", **FIELDS | {"metrics": {"top1": bad}})
    assert not list(tmp_path.iterdir())


def test_a_failed_write_keeps_the_old_file(tmp_path):
    path = tmp_path / "r.json"
    write_result(path, **FIELDS)
    with pytest.raises(TypeError):
        write_result(path, **FIELDS | {"details": {"no": object()}})
    assert read_result(path)["metrics"] == FIELDS["metrics"]
    assert [file.name for file in tmp_path.iterdir()] == ["r.json"]


def test_missing_and_damaged_files(tmp_path):
    with pytest.raises(FameError, match=r"none\.json: no such file"):
        read_result(tmp_path / "none.json")
    path = tmp_path / "r.json"
    for content in (b"{", b"\xff\xfe\x00", b""):
        path.write_bytes(content)
        with pytest.raises(FameError, match=r"r\.json"):
            read_result(path)


@pytest.mark.parametrize("key", [*FIELDS, "fame"])
def test_missing_and_mistyped_keys(tmp_path, key):
    path = tmp_path / "r.json"
    content = FIELDS | {"fame": "0"}
    path.write_text(json.dumps({k: v for k, v in content.items() if k != key}))
    with pytest.raises(FameError, match=key):
        read_result(path)
    path.write_text(json.dumps(content | {key: True}))
    with pytest.raises(FameError, match=key):
        read_result(path)


def test_metrics_must_be_numbers(tmp_path):
    path = tmp_path / "r.json"
    for content in ([], FIELDS | {"fame": "0", "metrics": {"top1": "44"}}):
        path.write_text(json.dumps(content))
        with pytest.raises(FameError, match="not a result file"):
            read_result(path)


def test_predictions_table(tmp_path):
    path = tmp_path / "linear.parquet"
    scores = np.array([[0.0, 2.0, 1.0], [3.0, 3.0, 0.0]], dtype=np.float32)
    write_predictions(path, np.array(["a", "b"]), np.array([1, 2]), scores)
    table = pd.read_parquet(path)
    assert table["video"].tolist() == ["a", "b"]
    assert table["label"].tolist() == [1, 2]
    assert table["prediction"].tolist() == [1, 0]
    assert np.array_equal(np.stack(table["scores"]), scores)
    with pytest.raises(FameError, match="equal lengths"):
        write_predictions(path, np.array(["a"]), np.array([1, 2]), scores)


def test_accuracy_closed_form():
    scores = np.array([[3.0, 2.0, 1.0], [1.0, 1.0, 1.0], [0.0, 5.0, 9.0]])
    labels = np.array([0, 1, 0])
    assert accuracy.places(scores, labels).tolist() == [0, 1, 2]
    assert [accuracy.top(scores, labels, k) for k in (1, 2, 3)] == pytest.approx(
        [100 / 3, 200 / 3, 100]
    )
    assert accuracy.top(scores, labels, 5) == 100
    assert accuracy.per_class(scores, labels) == [50.0, 0.0, None]


def test_places_equal_a_stable_sort():
    draw = np.random.default_rng(0)
    scores, labels = draw.integers(0, 3, size=(50, 6)).astype(float), draw.integers(0, 6, size=50)
    order = np.argsort(-scores, axis=1, kind="stable")
    slow = [list(row).index(label) for row, label in zip(order, labels, strict=True)]
    assert accuracy.places(scores, labels).tolist() == slow


def test_scores_that_are_not_finite_are_no_hit():
    with pytest.raises(FameError, match="diverged"):
        accuracy.top(np.array([[np.nan, 0.0]]), np.array([0]), 1)
