"""Files are whole or not there, and a run directory has one owner."""

import errno
import multiprocessing

import pytest

from fame.errors import FameError
from fame.files import owned, read_json, replacing, sha256, write_json


def test_json_round_trip(tmp_path):
    write_json(tmp_path / "deep" / "a.json", {"x": [1, 2]})
    assert read_json(tmp_path / "deep" / "a.json") == {"x": [1, 2]}
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["a.json"]


def test_a_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(path) as file:
        file.write(b"new")
        _ = 1 / 0
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file_and_says_so(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    with pytest.raises(FameError, match=r"No space left.*free space"), replacing(path):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert path.read_text() == "old"


@pytest.mark.parametrize("content", [None, "{", "\xff"])
def test_missing_or_broken_json_is_named(tmp_path, content):
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content.encode("latin-1"))
    with pytest.raises(FameError, match=r"a\.json"):
        read_json(path)


def test_sha256_of_nothing(tmp_path):
    (tmp_path / "empty").touch()
    assert sha256(tmp_path / "empty").startswith("e3b0c44298fc1c14")


def _own(directory, ready, leave):
    with owned(directory):
        ready.set()
        leave.wait(30)


def test_a_directory_has_one_living_owner(tmp_path):
    context = multiprocessing.get_context("spawn")
    ready, leave = context.Event(), context.Event()
    process = context.Process(target=_own, args=(tmp_path, ready, leave))
    process.start()
    try:
        assert ready.wait(60)
        with pytest.raises(FameError, match=f"process {process.pid}"), owned(tmp_path):
            pass
        process.kill()
        process.join()
        with owned(tmp_path):  # a dead owner does not block
            pass
    finally:
        process.kill()
        process.join()
