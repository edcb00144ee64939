"""Files are whole or not there, and a run directory has one owner."""

import errno
import multiprocessing
import os
import subprocess
import sys

import psutil
import pytest

from fame.core.errors import FameError
from fame.core.files import owned, read_json, replacing, sha256, shown, write_json
from fame.core.processes import is_alive


@pytest.mark.parametrize(
    ("name", "text"),
    [(b"\xe9t\xe9.mp4", r"\xe9t\xe9.mp4"), ("ét漢".encode(), "ét漢"), (rb"a\xe9", r"a\xe9")],
)
def test_any_name_is_shown_as_utf8(name, text):
    assert shown(os.fsdecode(name)) == text
    shown(os.fsdecode(name)).encode()


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


ORPHAN = """
import sys, time
from pathlib import Path
from fame.core.files import owned
with owned(Path(sys.argv[1])):
    print("ready", flush=True)
    time.sleep(600)
"""
MASTER = """
import subprocess, sys
from pathlib import Path
from fame.core.processes import mark_children
mark_children(Path(sys.argv[1]))
child = subprocess.Popen([sys.executable, *sys.argv[2:]], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
child.wait()
"""


def test_an_owner_whose_workflow_was_killed_is_stopped(tmp_path, capsys):
    words = [sys.executable, "-c", MASTER, tmp_path, "-c", ORPHAN, tmp_path]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as master:
        number = int(master.stdout.readline())
        with pytest.raises(FameError, match=f"process {number} on"), owned(tmp_path):
            pass
        master.kill()
    with owned(tmp_path):
        assert f"stopping process {number}" in capsys.readouterr().err
        assert not psutil.pid_exists(number) or not is_alive(psutil.Process(number))


@pytest.mark.parametrize("use", [owned, replacing])
@pytest.mark.parametrize("place", ["file/run", "file/deep/run"])
def test_a_file_where_a_folder_is_needed_is_named(tmp_path, use, place):
    (tmp_path / "file").touch()
    sentence = "/file is a file where a folder is needed; give another path"
    with pytest.raises(FameError, match=sentence), use(tmp_path / place):
        pass


def test_a_run_directory_that_is_a_file_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FameError, match="/file is a file where"), owned(tmp_path / "file"):
        pass


def test_a_folder_in_a_files_place_is_named(tmp_path):
    (tmp_path / "a.mp4").mkdir()
    sentence = r"/a\.mp4 is a folder; give another path"
    with pytest.raises(FameError, match=sentence), replacing(tmp_path / "a.mp4"):
        pytest.fail("the work was begun")
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


@pytest.mark.parametrize("use", [owned, replacing])
@pytest.mark.parametrize("place", ["x", "x/y"])
def test_an_over_long_name_is_said_to_be_so(tmp_path, use, place):
    with pytest.raises(FameError, match=r"File name too long.*shorter"):  # noqa: SIM117
        with use(tmp_path / place.replace("x", "x" * 300)):
            pass


def test_a_folder_that_may_not_be_written_is_named(tmp_path):
    with pytest.raises(FameError, match=r"a could not be written .*permissions"):  # noqa: SIM117
        with replacing(tmp_path / "a"):
            raise PermissionError(errno.EACCES, "Permission denied")


def test_a_lock_on_a_full_disk_names_its_folder(tmp_path, monkeypatch):
    def full():
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("fame.core.files.socket.gethostname", full)
    with pytest.raises(FameError, match=r"run could not be written .*free space"):  # noqa: SIM117
        with owned(tmp_path / "run"):
            pass
