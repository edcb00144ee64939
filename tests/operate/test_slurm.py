"""Jobs that a killed workflow left, told from all others; a squeue of the test's own answers."""

import os
import socket

import pytest

from fame.core.errors import FameError
from fame.operate.slurm import FIELDS, LOGS, cancel, left_behind

HERE = socket.gethostname()


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """Puts squeue and scancel on the path, which answer from files; returns their folder."""
    tools = tmp_path / "tools"
    tools.mkdir()
    scripts = {
        # As the real one: the columns that are asked for, or the numbers alone.
        "squeue": 'case "$*" in *--format=%i*) cat numbers;; *) cat columns;; esac',
        "scancel": 'echo "$@" > cancelled; : > numbers',
    }
    for name, line in scripts.items():
        (tools / name).write_text(f'#!/bin/sh\ncd "{tools}"\n{line}\n')
        (tools / name).chmod(0o755)
    (tools / "columns").write_text("")
    (tools / "numbers").write_text("")
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    return tools


def queue(slurm, *jobs):
    """Jobs as (number, submitting machine, name, folder of the workflow)."""
    jobs = [(*job, f"{folder}/.snakemake/slurm_logs/rule_x/{job[0]}.log") for *job, folder in jobs]
    lines = (
        "".join(f"{field:{width}}" for field, width in zip(job, FIELDS.values(), strict=True))
        for job in jobs
    )
    (slurm / "columns").write_text("\n".join(lines) + "\n")


def test_our_jobs_of_this_folder_and_machine(slurm, tmp_path):
    place = tmp_path / "a place, of mine"
    (place / LOGS).mkdir(parents=True)
    queue(
        slurm,
        ("1", HERE, "fame_1234", str(place)),
        ("2", "localhost", "fame_5678", str(place)),
        ("3", HERE, "fame_1234", str(tmp_path)),
        ("4", "another-login", "fame_1234", str(place)),
        ("5", HERE, "famous", str(place)),
        ("6", f"{HERE.split('.')[0]}.example.org", "fame_9", str(place)),
    )
    assert left_behind(place) == ["1", "2", "6"]


def test_a_machine_without_slurm_has_none(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert left_behind(tmp_path) == []


def test_slurm_that_does_not_answer_is_no_empty_queue(slurm, tmp_path):
    (slurm / "squeue").write_text("#!/bin/sh\necho 'no controller' >&2\nexit 1\n")
    assert left_behind(tmp_path) == []  # no job was ever submitted from here
    (tmp_path / LOGS).mkdir(parents=True)
    with pytest.raises(FameError, match=r"squeue failed \(no controller\)"):
        left_behind(tmp_path)


def test_cancelled_jobs_are_gone_afterwards(slurm):
    (slurm / "numbers").write_text("7\n8\n9\n")
    cancel(["7", "8"])
    assert (slurm / "cancelled").read_text() == "7 8\n"


def test_jobs_that_do_not_go_are_named(slurm):
    (slurm / "scancel").write_text("#!/bin/sh\n")
    (slurm / "numbers").write_text("7\n8\n9\n")
    with pytest.raises(FameError, match=r"job\(s\) 7, 8 do not end"):
        cancel(["7", "8"], patience=0)
