"""`fame acquire` is killed at every kind of moment, run twice at once, and runs out of room."""

import hashlib
import io
import random
import signal
import subprocess
import sys
import time
import zipfile

import pytest
import yaml
from loopback import Fault

VIDEOS = {
    f"UCF101/v_Archery_g{group:02d}_c01.avi": random.Random(group).randbytes(20_000)
    for group in range(1, 7)
}
DEATH = """
import os, signal, sys
from pathlib import Path
import fame.acquire.part as part, fame.acquire.archives.unpack as unpack
module = {"copy_member": unpack, "_move": unpack, "write_json": part}[sys.argv.pop(1)]
number, name = int(sys.argv.pop(1)), sys.argv.pop(1)
real, calls = getattr(module, name), []
def dying(*arguments):
    calls.append(arguments)
    if len(calls) == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments)
setattr(module, name, dying)
from fame.cli import main
main()
"""


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.fixture
def command(web, tmp_path):
    """The command line of an acquisition, without the interpreter."""
    lists = zipped({"ucfTrainTestlist/classInd.txt": b"1 Archery\r\n"})
    archives = {"lists": lists, "videos": zipped(VIDEOS)}
    limits = {"bytes": 10**6, "files": 100, "ratio": 10}
    flags = {"wanted": True, "replaces": False, "keep": True, "limits": limits}
    parts = {}
    for name, content in archives.items():
        source = {"url": web.put(f"{name}.zip", content), "format": "zip", "size": len(content)}
        source["sha256"] = hashlib.sha256(content).hexdigest()
        into = "videos" if name == "videos" else "annotations"
        parts[name] = {"into": into, **flags, "sources": [source]}
    words = dict.fromkeys(("title", "page", "licence", "terms", "citation", "missing"), "x")
    space = {"archives": 1000, "videos": 1000}
    dataset = words | {"classes": 1, "counts": {1: {"train": 1}}, "space": space, "parts": parts}
    sources = tmp_path / "datasets.yaml"
    sources.write_text(yaml.safe_dump({"datasets": {"ucf101": dataset}}))
    to = ["--to", tmp_path / "ucf", "--sources", sources, "--accept-terms"]
    return list(map(str, ["acquire", "ucf101", *to]))


def start(command, *interpreter):
    return subprocess.Popen(
        [sys.executable, *(interpreter or ("-m", "fame")), *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    with process:
        out, err = process.communicate(timeout=240)
    return process.returncode, out, err


def check_whole(place):
    videos = {path.name: path.read_bytes() for path in (place / "ucf/videos").rglob("*.avi")}
    assert videos == {name.rpartition("/")[2]: content for name, content in VIDEOS.items()}
    assert [path.name for path in (place / "ucf/annotations").glob("*")][-1:]
    left = {path.name for path in (place / "ucf").rglob("*") if path.is_file()}
    assert not [name for name in left if name.endswith((".part", ".tmp", ".partial"))]


def wait_for(path, size):
    for _ in range(2400):
        if path.exists() and path.stat().st_size >= size:
            return
        time.sleep(0.05)
    pytest.fail(f"{path} never had {size} bytes")


def test_a_kill_while_it_downloads(web, command, tmp_path):
    web["/videos.zip"].faults.append(Fault(after=70_000, stall=200))
    process = start(command)
    part = tmp_path / "ucf/archives/videos/videos.zip.part"
    wait_for(part, 1)
    process.kill()
    finish(process)
    have = part.stat().st_size
    assert have <= 70_000
    assert finish(start(command))[0] == 0
    assert web.asked("videos.zip") == [None, f"bytes={have}-"]
    check_whole(tmp_path)


@pytest.mark.parametrize(
    ("step", "number"), [("copy_member", 4), ("_move", 2), ("_move", 5), ("write_json", 2)]
)
def test_a_kill_while_it_unpacks(web, command, tmp_path, step, number):
    killed = start(command, "-c", DEATH, step, str(number), step)
    assert finish(killed)[0] == -signal.SIGKILL
    assert finish(start(command))[0] == 0
    assert web.asked("videos.zip") == [None]
    check_whole(tmp_path)


def test_two_at_once_download_once(web, command, tmp_path):
    both = [start(command), start(command)]
    assert [finish(process)[0] for process in both] == [0, 0]
    assert web.asked("videos.zip") == web.asked("lists.zip") == [None]
    check_whole(tmp_path)


def test_no_room_is_a_sentence_and_what_is_there_is_used(web, command, tmp_path):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
    code = f"{limit}from fame.cli import main\nmain()"
    status, _, err = finish(start(command, "-c", code))
    assert status == 1
    assert "videos.zip.part could not be written (File too large)" in err
    assert "Traceback" not in err
    assert finish(start(command))[0] == 0
    assert web.asked("videos.zip") == [None, "bytes=50000-"]
    check_whole(tmp_path)


def test_terms_come_first(web, command):
    status, out, err = finish(start(command[:-1]))
    assert status == 1
    assert "terms:" in out
    assert "add --accept-terms" in err
    assert web.requests == []
