import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from small_videos import rows

from fame.core.errors import FameError
from fame.data.manifest import COLUMNS, Manifest

SIZES = [(24, 32)] * 4


def small(tmp_path, **changes):
    table = rows([5, 6, 7, 8], SIZES).assign(**changes)
    return Manifest("small", tmp_path, table, ["even", "odd"])


def test_what_is_written_is_read(tmp_path):
    manifest = small(tmp_path, label=["even", None, "odd", "odd"], group=["a", None, "b", "b"])
    manifest.write(tmp_path / "deep" / "m.parquet")
    again = Manifest.read(tmp_path / "deep" / "m.parquet")
    assert (again.dataset, again.root, again.classes) == ("small", tmp_path, ["even", "odd"])
    pd.testing.assert_frame_equal(again.table, manifest.table)
    assert again.fingerprint() == manifest.fingerprint()
    assert list((tmp_path / "deep").iterdir()) == [tmp_path / "deep" / "m.parquet"]


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "m.parquet"
    small(tmp_path).write(path)
    before = path.read_bytes()

    def half(table, partial):
        partial.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr("fame.data.manifest.pq.write_table", half)
    with pytest.raises(FameError, match="disk full"):
        small(tmp_path, fps=30.0).write(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_labels_follow_the_official_order(tmp_path):
    manifest = small(tmp_path, label=["odd", "even", None, np.nan])
    assert manifest.labels().tolist() == [1, 0, -1, -1]
    assert manifest.labels().dtype == np.int64


def test_select_keeps_usable_rows_of_a_split(tmp_path):
    manifest = small(
        tmp_path, split=["train", "test", "train", "train"], status=["ok", "ok", "broken", "ok"]
    )
    chosen = manifest.select("train")
    assert chosen.table["video"].tolist() == ["v0", "v3"]
    assert chosen.table.index.tolist() == [0, 1]
    assert len(manifest) == 4
    with pytest.raises(FameError, match="val"):
        manifest.select("val")
    with pytest.raises(FameError, match="'dev'"):
        manifest.select("dev")


def test_an_evaluation_needs_labels(tmp_path):
    assert len(small(tmp_path).labelled()) == 4
    with pytest.raises(FameError, match="can only be pretrained on: 4 of its 4 training and test"):
        small(tmp_path, label=None).labelled()
    assert small(tmp_path, label=None, split="unused").labelled()
    assert small(tmp_path, label=None, status="broken", frames=0).labelled()


def test_fingerprint_covers_what_decides_a_result(tmp_path):
    base = small(tmp_path)
    assert small(tmp_path / "elsewhere").fingerprint() == base.fingerprint()
    assert small(tmp_path, fps=30.0).fingerprint() == base.fingerprint()
    changes = {
        "video": list("abcd"),
        "path": list("abcd"),
        "label": "odd",
        "split": "test",
        "start": 1,
        "frames": 9,
        "width": 9,
        "height": 9,
        "status": "broken",
    }
    prints = {small(tmp_path, **{name: new}).fingerprint() for name, new in changes.items()}
    assert len(prints | {base.fingerprint()}) == len(changes) + 1
    swapped = Manifest("small", tmp_path, base.table, ["odd", "even"])
    assert swapped.fingerprint() != base.fingerprint()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"video": "same"}, "unique"),
        ({"split": "dev"}, "split"),
        ({"label": "third"}, "label"),
        ({"status": ""}, "status"),
        ({"frames": 0}, "usable"),
        ({"width": 0}, "usable"),
        ({"start": -1}, "negative"),
        ({"fps": np.nan}, "null"),
        ({"path": "/v0.avi"}, "relative"),
        ({"path": None}, "null"),
        ({"frames": "many"}, "wrong value"),
    ],
)
def test_broken_rules_are_named(tmp_path, changes, words):
    with pytest.raises(FameError, match=words):
        small(tmp_path, **changes)


def test_a_quarantined_row_needs_no_size(tmp_path):
    assert len(small(tmp_path, status="broken", frames=0, width=0, height=0)) == 4


def test_columns_are_exactly_those_documented(tmp_path):
    table = rows([5], SIZES[:1])
    with pytest.raises(FameError, match="fps"):
        Manifest("small", tmp_path, table.drop(columns="fps"), ["even"])
    with pytest.raises(FameError, match="extra"):
        Manifest("small", tmp_path, table.assign(extra=1), ["even"])
    shuffled = Manifest("small", tmp_path, table[table.columns[::-1]], ["even"])
    assert list(shuffled.table.columns) == list(COLUMNS)
    with pytest.raises(FameError, match="twice"):
        Manifest("small", tmp_path, table, ["even", "even"])


def test_reading_what_is_no_manifest(tmp_path):
    with pytest.raises(FameError, match="no manifest"):
        Manifest.read(tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("hello")
    with pytest.raises(FameError, match="not a manifest"):
        Manifest.read(tmp_path / "text.parquet")
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(FameError, match="not a manifest"):
        Manifest.read(tmp_path / "other.parquet")


@pytest.mark.parametrize(
    "head", [b"{", b"\xff", b"[]", b"{}", b'{"dataset": "d", "root": 1, "classes": []}']
)
def test_damaged_metadata_are_no_manifest(tmp_path, head):
    path = tmp_path / "m.parquet"
    small(tmp_path).write(path)
    table = pq.read_table(path)
    (key,) = table.schema.metadata
    pq.write_table(table.replace_schema_metadata({key: head}), path)
    with pytest.raises(FameError, match="not a manifest"):
        Manifest.read(path)
