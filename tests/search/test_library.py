import os

import numpy as np
import pandas as pd
import pytest

from fame.core.errors import FameError
from fame.search.library import OK, Library, Row, Stamp

ORIGIN = {
    "encoder": "/somewhere/encoder.safetensors",
    "encoder_sha256": "ab",
    "settings": {"arch": "r2plus1d"},
    "shown": {"clips": 10, "frames": 16, "mean": [0.1, 0.2, 0.3]},
}


def library(*names, origin=ORIGIN):
    """Rows `/v/<name>` with random unit vectors; a name in capitals was set aside."""
    rows = {}
    for number, name in enumerate(names):
        stamp = Stamp(f"/v/{name}", 100 + number, 10**18 + number)
        vector = np.random.default_rng(number).normal(size=4)
        vector = (vector / np.linalg.norm(vector)).astype(np.float32)
        good = name.islower()
        rows[stamp.path] = (
            Row(stamp, 7, OK, vector) if good else Row(stamp, 0, "it is broken", None)
        )
    return Library(ORIGIN | origin, rows)


@pytest.mark.parametrize("name", [b"\xe9t\xe9.mp4", rb"not\xe9.mp4", "été.mp4".encode()])
def test_a_stamp_leads_back_to_its_file_whatever_the_name(tmp_path, name):
    file = tmp_path / os.fsdecode(name)
    file.write_bytes(b"video")
    stamp = Stamp.of(file)
    stamp.path.encode()
    assert stamp.file == file
    assert stamp.file.read_bytes() == b"video"


def test_the_stamp_of_a_file_that_is_gone_says_where_it_was(tmp_path):
    stamp = Stamp.of(tmp_path / "gone.mp4")
    assert (stamp.bytes, stamp.file) == (-1, tmp_path / "gone.mp4")


def same(one, other):
    assert one.origin == other.origin
    assert sorted(one.rows) == sorted(other.rows)
    for path, row in one.rows.items():
        twin = other.rows[path]
        assert (row.stamp, row.frames, row.status) == (twin.stamp, twin.frames, twin.status)
        np.testing.assert_array_equal(row.embedding, twin.embedding)


@pytest.mark.parametrize("names", [(), ("B",), ("b", "A", "c d[1].avi", "ü.mp4")])
def test_what_is_written_is_read(tmp_path, names):
    path = tmp_path / "f.parquet"
    library(*names).write(path)
    same(Library.read(path), library(*names))


def test_others_can_read_it(tmp_path):
    library("b", "A").write(tmp_path / "f.parquet")
    table = pd.read_parquet(tmp_path / "f.parquet")
    assert table["path"].tolist() == ["/v/A", "/v/b"]
    assert table["status"].tolist() == ["it is broken", "ok"]
    assert table["embedding"][0] is None
    assert table["embedding"][1].dtype == np.float32


def test_the_order_of_making_does_not_show(tmp_path):
    made = library("b", "a")
    made.write(tmp_path / "one")
    Library(made.origin, dict(reversed(made.rows.items()))).write(tmp_path / "other")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_a_folder_called_like_a_partition_adds_no_column(tmp_path):
    (tmp_path / "path=7").mkdir()
    library("a").write(tmp_path / "path=7" / "f.parquet")
    same(Library.read(tmp_path / "path=7" / "f.parquet"), library("a"))


def test_usable_rows_are_sorted_and_have_vectors():
    made = library("c", "B", "a")
    rows, vectors = made.usable()
    assert [row.stamp.path for row in rows] == ["/v/a", "/v/c"]
    assert vectors.shape == (2, 4)
    assert vectors.dtype == np.float64
    np.testing.assert_array_equal(vectors[1], made.rows["/v/c"].embedding)


def test_differences_name_what_is_different():
    made = library("a")
    assert made.differences(ORIGIN | {"encoder": "/elsewhere"}) == []
    assert made.differences(ORIGIN | {"encoder_sha256": "cd"}) == ["another encoder"]
    shown = ORIGIN["shown"] | {"clips": 3}
    assert made.differences(ORIGIN | {"shown": shown}) == ["clips 10 instead of 3"]


@pytest.mark.parametrize("content", [b"", b"no parquet", "table"])
def test_another_file_is_refused(tmp_path, content):
    path = tmp_path / "f.parquet"
    if content == "table":
        pd.DataFrame({"path": ["a"]}).to_parquet(path)
    else:
        path.write_bytes(content)
    with pytest.raises(FameError, match="not what `fame embed` writes"):
        Library.read(path)
    with pytest.raises(FameError, match="is a folder; name a file"):
        Library.read(tmp_path)
    with pytest.raises(FameError, match="no such file"):
        Library.read(tmp_path / "none")


def test_a_stamp_changes_with_the_file(tmp_path):
    path = tmp_path / "v.avi"
    path.write_bytes(b"one")
    first = Stamp.of(path)
    assert first == Stamp.of(path)
    assert (first.path, first.bytes) == (str(path), 3)
    path.write_bytes(b"more")
    os.utime(path, ns=(0, first.modified_ns))
    assert Stamp.of(path) != first
    path.write_bytes(b"two")
    os.utime(path, ns=(0, first.modified_ns + 1))
    assert Stamp.of(path) != first
    path.unlink()
    assert Stamp.of(path) == Stamp(str(path), -1, 0)


def test_a_name_that_is_not_text_can_be_kept(tmp_path):
    path = tmp_path / os.fsdecode(b"\xff.avi")
    path.touch()
    stamp = Stamp.of(path)
    assert stamp.path.endswith("\\xff.avi")
    Library(ORIGIN, {stamp.path: Row(stamp, 0, "broken", None)}).write(tmp_path / "f")
    assert list(Library.read(tmp_path / "f").rows) == [stamp.path]
