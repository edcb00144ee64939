import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fame.core.errors import FameError
from fame.evaluate.tasks import retrieval
from fame.search.library import OK, Library, Row, Stamp
from fame.search.nearest import nearest, stored


def library(vectors, folder="/v"):
    """A set of videos `<folder>/<number>`; None was set aside."""
    rows = {}
    for number, vector in enumerate(vectors):
        stamp = Stamp(f"{folder}/{number}", 1, 1)
        good = vector is not None
        rows[stamp.path] = Row(
            stamp, int(good), OK if good else "broken", np.float32(vector) if good else None
        )
    return Library({}, rows)


def found(neighbours):
    return [(n.row.stamp.path, n.cosine) for n in neighbours]


SQUARE = [[1, 0], [0, 1], [-1, 0], None, [0.6, 0.8]]


def test_closed_form_without_centring():
    answer = found(nearest(np.array([0, 1.0]), library(SQUARE), 3, centre=False))
    assert [path for path, _ in answer] == ["/v/1", "/v/4", "/v/0"]  # 0 and 2 tie: by path
    np.testing.assert_allclose([cosine for _, cosine in answer], [1, 0.8, 0], atol=1e-7)


def test_closed_form_with_centring():
    # The mean of (3, 4) / 5 and (3, -4) / 5 is (0.6, 0): they are opposite once it is gone.
    set_ = library([[0.6, 0.8], [0.6, -0.8]])
    answer = found(nearest(np.array([1.0, 0]), set_, 2))
    np.testing.assert_allclose([cosine for _, cosine in answer], [0, 0], atol=1e-6)
    answer = found(nearest(np.array([0.6, 0.8]), set_, 2))
    assert [path for path, _ in answer] == ["/v/0", "/v/1"]
    np.testing.assert_allclose([cosine for _, cosine in answer], [1, -1], atol=1e-6)


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), k=st.integers(1, 12), centre=st.booleans())
def test_equals_a_plain_loop(seed, k, centre):
    draw = np.random.default_rng(seed)
    vectors = retrieval.normalise(draw.normal(1, 1, size=(9, 5))).astype(np.float32)
    query = retrieval.normalise(draw.normal(1, 1, size=5))
    mean = sum(vector.astype(float) for vector in vectors) / 9 if centre else np.zeros(5)
    cosines = {}
    for number, vector in enumerate(vectors):
        a, b = query - mean, vector - mean
        cosines[f"/v/{number}"] = a @ b / np.sqrt((a @ a) * (b @ b))
    expected = sorted(cosines, key=cosines.get, reverse=True)[:k]
    answer = found(nearest(query, library(vectors), k, centre=centre))
    assert [path for path, _ in answer] == expected
    np.testing.assert_allclose([c for _, c in answer], [cosines[p] for p in expected], atol=1e-9)


def test_centring_is_that_of_retrieval():
    vectors = np.random.default_rng(0).normal(1, 1, size=(6, 4))
    vectors = retrieval.normalise(vectors)
    centred = retrieval.embed(vectors[:, None], centre=True)
    _, expected = retrieval.neighbours(centred[:1], centred, 6)
    answer = nearest(vectors[0], library(vectors), 6)
    np.testing.assert_allclose([n.cosine for n in answer], expected[0], atol=1e-6)


def test_a_set_smaller_than_k_gives_all_that_it_has():
    assert len(nearest(np.array([1.0, 0]), library(SQUARE), 99)) == 4


def test_the_query_is_left_out_by_any_name(tmp_path):
    (tmp_path / "real").mkdir()
    for number in range(3):
        (tmp_path / "real" / str(number)).touch()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    set_ = library(SQUARE[:3], tmp_path / "real")
    query = np.array([1.0, 0])
    assert found(nearest(query, set_, 1, centre=False))[0][0].endswith("0")
    answer = found(nearest(query, set_, 5, centre=False, without=tmp_path / "link" / "0"))
    assert [path[-1] for path, _ in answer] == ["1", "2"]


def test_leaving_the_query_out_does_not_change_the_other_cosines():
    vectors = retrieval.normalise(np.random.default_rng(1).normal(size=(5, 3)))
    every = dict(found(nearest(vectors[0], library(vectors), 5)))
    rest = dict(found(nearest(vectors[0], library(vectors), 5, without="/v/0")))
    assert rest == {path: cosine for path, cosine in every.items() if path != "/v/0"}


def test_sets_that_cannot_answer_say_so():
    query = np.array([1.0, 0])
    with pytest.raises(FameError, match="no video to compare"):
        nearest(query, library([None]), 1)
    with pytest.raises(FameError, match="no video to compare"):
        nearest(query, library([[1, 0]]), 1, without="/v/0")
    with pytest.raises(FameError, match="two videos at least"):
        nearest(query, library([[1, 0], None]), 1)
    assert len(nearest(query, library([[1, 0], None]), 1, centre=False)) == 1


def test_a_stored_row_is_used_only_for_the_same_file(tmp_path):
    path = tmp_path / "v.avi"
    path.write_bytes(b"x")
    stamp = Stamp.of(path)
    good = Row(stamp, 1, OK, np.float32([1, 0]))
    assert stored(Library({}, {stamp.path: good}), path) is good
    assert stored(Library({}, {stamp.path: Row(stamp, 0, "broken", None)}), path) is None
    assert stored(Library({}, {}), path) is None
    path.write_bytes(b"xy")
    assert stored(Library({}, {stamp.path: good}), path) is None


def test_search_and_sheet_need_no_torch():
    code = "import sys, fame.search.nearest, fame.search.sheet\nsys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
