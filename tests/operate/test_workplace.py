"""One workflow at a time in a folder, and what a killed one leaves there."""

import subprocess
import sys

import pytest

from fame.core.errors import FameError
from fame.operate import workplace
from fame.operate.workplace import clear, occupy

HOLD = """
import os, sys
from pathlib import Path
from fame.operate.workplace import occupy
occupy(Path(sys.argv[1]))
occupy(Path(sys.argv[1]))
os.execv(sys.executable, [sys.executable, "-c", sys.argv[2]])
"""
SLEEP = "import time; print('ready', flush=True); time.sleep(600)"


@pytest.fixture
def start():
    """Starts a Python process and waits until it is ready; ends it after all."""
    started = []

    def begin(*arguments, **options):
        process = subprocess.Popen(
            [sys.executable, *arguments], stdout=subprocess.PIPE, text=True, **options
        )
        started.append(process)
        assert process.stdout.readline() == "ready\n"
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def locks(place):
    """As Snakemake leaves them."""
    folder = place / ".snakemake" / "locks"
    folder.mkdir(parents=True)
    (folder / "0.input.lock").write_text("a\n")
    (folder / "0.output.lock").write_text("b\n")
    return folder


def test_a_folder_is_held_through_exec_until_death(start, tmp_path):
    holder = start("-c", HOLD, tmp_path, SLEEP)
    sentence = rf"running in {tmp_path} \(process {holder.pid} on .*\); wait for it or stop it"
    with pytest.raises(FameError, match=sentence):
        occupy(tmp_path)
    holder.kill()
    holder.wait()
    occupy(tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / ".snakemake").write_text("a file")
    with pytest.raises(FameError, match=r"fame\.lock cannot be written"):
        occupy(tmp_path)


def test_a_stale_lock_is_removed_saying_so(tmp_path, capsys):
    folder = locks(tmp_path)
    clear(tmp_path)
    assert list(folder.iterdir()) == []
    assert "removing the lock of a killed workflow" in capsys.readouterr().err
    clear(tmp_path)
    assert capsys.readouterr().err == ""


def test_the_lock_of_a_living_snakemake_is_left_alone(start, tmp_path):
    folder = locks(tmp_path)
    script = tmp_path / "snakemake"
    script.write_text(SLEEP)
    alive = start(script, cwd=tmp_path)
    with pytest.raises(FameError, match=rf"process {alive.pid}\)"):
        clear(tmp_path)
    assert len(list(folder.iterdir())) == 2
    elsewhere = tmp_path / "elsewhere"
    locks(elsewhere)
    clear(elsewhere)


def test_orphans_are_stopped_until_none_is_left(monkeypatch, tmp_path, capsys):
    class Left:
        def __init__(self, pid):
            self.pid = pid

    generations = [[Left(4), Left(5)], [Left(6)], []]
    ended = []
    monkeypatch.setattr(workplace, "orphans", lambda place: generations.pop(0))
    monkeypatch.setattr(workplace, "end", ended.extend)
    clear(tmp_path)
    assert [process.pid for process in ended] == [4, 5, 6]
    assert "(process 4, 5)" in capsys.readouterr().err


def test_jobs_of_slurm_are_cancelled_saying_so(monkeypatch, tmp_path, capsys):
    cancelled = []
    monkeypatch.setattr(workplace, "left_behind", lambda place: ["7", "8"])
    monkeypatch.setattr(workplace, "cancel", cancelled.extend)
    clear(tmp_path)
    assert cancelled == ["7", "8"]
    assert "cancelling Slurm jobs of a killed workflow (job 7, 8)" in (capsys.readouterr().err)


def test_the_jobs_of_a_living_snakemake_are_left_alone(start, monkeypatch, tmp_path):
    monkeypatch.setattr(workplace, "left_behind", lambda place: ["7"])
    monkeypatch.setattr(workplace, "cancel", lambda jobs: pytest.fail("cancelled"))
    script = tmp_path / "snakemake"
    script.write_text(SLEEP)
    alive = start(script, cwd=tmp_path)
    with pytest.raises(FameError, match=rf"process {alive.pid}\)"):
        clear(tmp_path)
