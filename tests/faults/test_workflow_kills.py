"""kill -9 of Snakemake: the same `fame run` again stops the orphan, unlocks, and goes on."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from micro_world import ROOT, choose

from fame.core.files import sha256
from fame.core.processes import is_alive

PATIENCE = 240


class Command:
    """`fame run TARGET` in a folder, or Snakemake itself; its output is kept."""

    def __init__(self, place, scale, target, plain=False):
        self.log = place / f"log-{time.monotonic_ns()}"
        words = ["snakemake", "--cores", "1"] if plain else ["fame", "run"]
        words += [target, "--directory", place, "--snakefile", ROOT / "Snakefile"]
        words += ["--config", f"scale={scale}"]
        with self.log.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *map(str, words)],
                stdout=file,
                stderr=file,
                cwd=ROOT,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
                start_new_session=True,
            )

    def status(self):
        return self.process.wait(PATIENCE)

    def text(self):
        return self.log.read_text()

    def end(self):
        """End whatever it started; nobody else is in its session."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, ProcessLookupError):
                if os.getsid(process.pid) == self.process.pid:
                    process.kill()
        self.process.wait()


@pytest.fixture
def workflow(scales, tmp_path):
    """Starts commands that make one encoder with a checkpoint after every step."""
    started = []
    _, run = choose(scales[1], "moco-fame")
    folder = f"results/micro/pretrain/{run.id}"

    def start(plain=False):
        started.append(Command(tmp_path, scales[1], f"{folder}/encoder.safetensors", plain))
        return started[-1]

    start.folder = tmp_path / folder
    yield start
    for command in started:
        command.end()


def suspended_trainer(workflow, command):
    """Wait for the first checkpoint and suspend its trainer."""
    until = time.monotonic() + PATIENCE
    while not list(workflow.folder.glob("checkpoints/step-*.pt")):
        assert command.process.poll() is None and time.monotonic() < until, command.text()
        time.sleep(0.02)
    number = int((workflow.folder / ".lock").read_text().split()[0])
    trainer = psutil.Process(number)
    trainer.suspend()
    return trainer


def test_after_a_kill_the_same_command_goes_on(workflow, undisturbed):
    first = workflow()
    orphan = suspended_trainer(workflow, first)
    first.process.kill()
    first.process.wait()
    assert is_alive(orphan)

    plain = workflow(plain=True)
    assert plain.status() == 1 and "Directory cannot be locked" in plain.text()
    assert is_alive(orphan)

    again = workflow()
    assert again.status() == 0, again.text()
    assert not is_alive(orphan)
    assert "stopping processes of a killed workflow" in again.text()
    assert str(orphan.pid) in again.text()
    assert "removing the lock of a killed workflow" in again.text()
    assert "resuming from step" in (workflow.folder / "pretrain.log").read_text()
    name = "encoder.safetensors"
    assert sha256(workflow.folder / name) == sha256(undisturbed.work / name)


@pytest.mark.parametrize("plain", [False, True], ids=["fame run", "snakemake"])
def test_two_living_workflows_in_a_folder_are_refused(workflow, plain):
    first = workflow(plain)
    suspended_trainer(workflow, first)
    second = workflow()
    assert second.status() == 1
    (line,) = (line for line in second.text().splitlines() if line.startswith("fame: "))
    assert f"a workflow is running in {workflow.folder.parents[3]}" in line
    assert f"(process {first.process.pid}" in line
    assert "Traceback" not in second.text()
    assert first.process.poll() is None


def test_a_stopped_trainer_ends_with_its_workflow(workflow):
    """Even if nobody comes again: the training saves its step and ends by itself."""
    first = workflow()
    trainer = suspended_trainer(workflow, first)
    first.process.kill()
    first.process.wait()
    trainer.resume()
    until = time.monotonic() + PATIENCE
    while is_alive(trainer):
        assert time.monotonic() < until
        time.sleep(0.05)
    done = (workflow.folder / "encoder.safetensors").exists()
    assert done or "stopped by SIGTERM" in (workflow.folder / "pretrain.log").read_text()


def test_ctrl_c_loses_nothing(workflow, undisturbed):
    """A terminal sends SIGINT to everybody at once."""
    first = workflow()
    trainer = suspended_trainer(workflow, first)
    os.killpg(first.process.pid, signal.SIGINT)
    trainer.resume()
    assert first.status() == 1
    assert "stopped after" in first.text() and "failed" not in first.text().split("go on: ")[0]
    assert "stopped by SIGINT after step" in (workflow.folder / "pretrain.log").read_text()
    again = workflow()
    assert again.status() == 0, again.text()
    assert "removing the lock" not in again.text()
    name = "encoder.safetensors"
    assert sha256(workflow.folder / name) == sha256(undisturbed.work / name)
