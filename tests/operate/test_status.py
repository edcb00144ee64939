"""What `fame status` tells of a folder in each state that a run can be in."""

import os
import shlex
import socket
import subprocess
import sys
import time

import pytest
from made_results import experiments
from micro_world import ROOT
from small_results import MICRO, make

from fame.core.files import write_json
from fame.operate.plan.jobs import Job
from fame.operate.status import owner, rendered, status
from fame.pipeline.claims import primary_claims, results_of


@pytest.fixture
def made(tmp_path):
    results, _, experiments = make(tmp_path)
    (run,) = (run for run in experiments.runs.values() if run.pretrain)
    return results, experiments, results / "micro" / "pretrain" / run.id


def look(made):
    return status(made[1], made[0], str(MICRO))


def interrupted(made):
    """The trained run again as a kill leaves it, at step 40 of 100, resumed at 20."""
    folder = made[2]
    (folder / "encoder.safetensors").unlink()
    (folder / "checkpoints").mkdir()
    checkpoint = folder / "checkpoints" / "step-40.pt"
    checkpoint.touch()
    os.utime(checkpoint, (time.time() - 90, time.time() - 90))
    write_json(folder / "progress.json", {"step": 40, "of": 100, "first": 20, "seconds": 10.0})
    return folder


def test_done(made):
    found = look(made)
    assert [training.state for training in found.trainings] == ["done"]
    assert found.results == (2, 2) and found.failures == [] and found.primary == (0, 0)
    assert rendered(found).startswith("micro: 1 trained encoders (1 done); 2 of 2 results")


def test_it_says_how_far_the_primary_claims_are(tmp_path):
    """A study is measured in pieces; the tables of `made` are no claims' tables."""
    given, results = experiments("mini", ROOT), tmp_path / "results"
    needed = results_of(given, primary_claims(given))
    for name in (needed[0], given.results(["table1"])[0]):
        file = results / "mini" / "evaluate" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    found = status(given, results, "mini")
    assert found.primary == (1, len(needed)) and found.results[0] == 2
    assert f" results of the tables (1 of {len(needed)} behind the primary claims); " in rendered(
        found
    )


def test_to_come(made):
    (made[2] / "encoder.safetensors").unlink()
    assert [training.state for training in look(made).trainings] == ["pending"]


def test_at_work_with_time_left(made):
    folder = interrupted(made)
    (folder / ".lock").write_text(f"{os.getpid()} on {socket.gethostname()}")
    (training,) = look(made).trainings
    assert (training.state, training.step, training.of) == ("running", 40, 100)
    assert training.left == pytest.approx(60 * 10 / 20)
    assert 80 < training.checkpoint < 1000
    assert "40/100      30 s" in rendered(look(made))


def test_broke_off(made):
    interrupted(made)
    (training,) = look(made).trainings
    assert (training.state, training.step, training.left) == ("interrupted", 40, None)


def test_a_failure_with_its_log_and_a_command(made):
    folder = interrupted(made)
    lines = ["a", "b", "c", "d", "e\x1b[31m", "fame: the loss is nan at step 41"]
    (folder / "pretrain.log").write_text("\n".join(lines))
    found = look(made)
    assert [training.state for training in found.trainings] == ["failed"]
    (failure,) = found.failures
    assert failure.what.endswith("pretraining failed: the loss is nan at step 41")
    assert failure.lines == ("b", "c", "d", "e[31m", "fame: the loss is nan at step 41")
    words = shlex.split(failure.command)
    product = str(folder.relative_to(made[0].parent) / "encoder.safetensors")
    place = str(made[0].parent)
    assert words == ["fame", "run", product, "--scale", str(MICRO), "--directory", place]
    assert f"  rerun it: {failure.command}" in rendered(found).splitlines()


def test_of_a_target_only_its_jobs_are_told(made):
    folder = interrupted(made)
    (folder / "pretrain.log").write_text("fame: no")
    world = made[0] / "micro" / "data" / "ucf101-w0" / "index.log"
    world.write_text("fame: no room")
    run = folder.name
    linear = Job("linear", run, "ucf101-w0", "", False)
    index, table = Job("index", None, "ucf101-w0", "", False), Job("table", None, None, "", False)
    found = status(made[1], made[0], str(MICRO), None, [linear, table])
    assert [training.name for training in found.trainings] == [run]
    assert found.results == (1, 1) and found.failures == [] and found.primary == (0, 0)
    found = status(made[1], made[0], str(MICRO), None, [index])
    assert found.trainings == [] and found.results == (0, 0)
    made[0].joinpath("micro/data/ucf101-w0/manifest.parquet").unlink()
    (failure,) = status(made[1], made[0], str(MICRO), None, [index]).failures
    assert failure.what == "ucf101-w0: index of ucf101-w0 failed: no room"


def test_a_failure_s_command_names_tables_and_no_folder_that_it_is_in(made, monkeypatch):
    (interrupted(made) / "pretrain.log").write_text("fame: failed")
    monkeypatch.chdir(made[0].parent)
    own = made[0].parent / "tables"
    (failure,) = status(made[1], made[0].relative_to(made[0].parent), "micro", own).failures
    words = shlex.split(failure.command)
    assert words[2].startswith("results/micro/pretrain/")
    assert words[3:] == ["--scale", "micro", "--tables", str(own)]


def test_who_writes_a_folder(tmp_path):
    lock = tmp_path / ".lock"
    assert owner(tmp_path) is None
    lock.write_text("")
    assert owner(tmp_path) is None
    lock.write_text("12 on another-machine")
    assert owner(tmp_path) == "12 on another-machine"
    lock.write_text(f"{os.getpid()} on {socket.gethostname()}")
    assert owner(tmp_path) is not None
    os.utime(lock, (1, 1))  # older than the process that now has the number
    assert owner(tmp_path) is None


def test_status_needs_no_torch(made):
    results = made[0]
    code = (
        "import sys; sys.argv = sys.argv[1:]\n"
        "from fame.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "sys.exit('torch' in sys.modules)"
    )
    words = ["fame", "status", "--scale", MICRO, "--results", results]
    words += ["--tables", results.parent / "tables"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and "1 done" in done.stdout
