"""Jobs are cancelled, run out of time, lose Snakemake or their machine: no result changes."""

import subprocess
from dataclasses import dataclass

import cluster
import pytest
import yaml
from place import QUICKLY, ROOT, Place, encoder

from fame.core.files import sha256

AGAIN = "resuming from step"
PAUSE = 4.5
"""Seconds of each of 20 steps: more than the minute that one of the trainings is given."""


@dataclass(frozen=True)
class Disturbed:
    """Three trainings that something happened to, and Slurm's jobs for them."""

    place: Place
    cancelled: str
    late: str
    crashed: str
    left: list[str]
    jobs: list[cluster.Job]

    def of(self, run):
        """The jobs of a training, but for the one that the killed Snakemake left."""
        return [job for job in self.jobs if job.of(run) and job.number not in self.left]

    def log(self, run):
        return self.place.result(f"micro/pretrain/{run}/pretrain.log").read_text()


def profile(place, name, late, crashed):
    """The Slurm profile, but one training is given a minute at first, and one the machine n2."""
    settings = yaml.safe_load((ROOT / "profiles" / "slurm" / "config.yaml").read_text())
    settings["set-resources"]["pretrain"] |= {
        "runtime": f"1 if wildcards.run == '{late}' and attempt == 1 else 10",
        "slurm_extra": f"'--nodelist=' + ('n2' if wildcards.run == '{crashed}' else 'n1')",
    }
    folder = place.path / name
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(settings))
    return folder


def working(place, run, said, but=()):
    """The running job of a training that has said something in its log and left a checkpoint."""
    checkpoints = place.result(f"micro/pretrain/{run}/checkpoints").glob("step-*.pt")
    log = place.result(f"micro/pretrain/{run}/pretrain.log")
    if not list(checkpoints) or not log.is_file() or said not in log.read_text():
        return None
    jobs = [job for job in cluster.jobs() if job.of(run) and job.number not in but]
    return next((job for job in jobs if job.state == "RUNNING"), None)


@pytest.fixture(scope="module")
def disturbed(made):
    place = made.place
    scale = place.scale("faults", gpus=1)
    runs = place.slow_runs(scale)
    cancelled, late, crashed = runs
    before = cluster.last()
    asked = [*QUICKLY, *map(encoder, runs)]
    call = ["--workflow-profile", profile(place, "calm", None, crashed), *asked]
    killed = place.start(scale, *call, pause=PAUSE, log="killed.log")
    try:
        cluster.wait_for(lambda: all(working(place, run, "stay idle") for run in runs))
    finally:
        killed.kill()
        killed.wait()
    left = [job.number for job in cluster.jobs(before)]
    call = ["--workflow-profile", profile(place, "hasty", late, crashed), *asked]
    master = place.start(scale, *call, pause=PAUSE, log="faults.log")
    try:
        cluster.wait_for(lambda: working(place, crashed, AGAIN, left))
        cluster.crash("n2")
        job = cluster.wait_for(lambda: working(place, cancelled, AGAIN, left))
        subprocess.run(["scancel", job.number], check=True)
        cluster.repair("n2")
        status = master.wait()
    finally:
        master.kill()
    assert status == 0, (place.path / "faults.log").read_text()
    return Disturbed(place, cancelled, late, crashed, left, cluster.jobs(before))


@pytest.mark.parametrize("fault", ["cancelled", "late", "crashed"])
def test_the_encoder_is_the_undisturbed_one(disturbed, local, fault):
    run = getattr(disturbed, fault)
    assert AGAIN in disturbed.log(run)
    name = f"micro/pretrain/{run}/encoder.safetensors"
    assert sha256(disturbed.place.result(name)) == sha256(local.result(name))


def test_what_a_killed_snakemake_left_ends_before_it_is_submitted_again(disturbed):
    """By itself where Snakemake ran on the same machine, else cancelled by `fame run`."""
    left = [job for job in disturbed.jobs if job.number in disturbed.left]
    assert len(left) == 3
    assert {job.state for job in left} <= {"CANCELLED", "FAILED"}
    ended = max(job.told("EndTime") for job in left)
    again = [job for job in disturbed.jobs if job.number not in disturbed.left]
    assert ended <= min(job.told("StartTime") for job in again)


def test_a_cancelled_job_is_submitted_again(disturbed):
    states = [job.state for job in disturbed.of(disturbed.cancelled)]
    assert states == ["CANCELLED", "COMPLETED"]


def test_a_job_out_of_time_is_submitted_again(disturbed):
    first, second = disturbed.of(disturbed.late)
    assert [first.state, second.state] == ["TIMEOUT", "COMPLETED"]
    assert [first.told("TimeLimit"), second.told("TimeLimit")] == ["00:01:00", "00:10:00"]


def test_slurm_starts_a_job_again_whose_machine_went_away(disturbed):
    (job,) = disturbed.of(disturbed.crashed)
    assert job.state == "COMPLETED"
    assert job.told("Restarts") == "1"
