"""The command that starts several processes, here or on the machines of a Slurm job."""

import os
import sys

import pytest

from fame.core.errors import FameError
from fame.operate import launch


@pytest.fixture
def started(monkeypatch):
    """The command that takes this process's place, or nothing."""
    commands = []
    monkeypatch.setattr(os, "execvp", lambda file, command: commands.append([file, *command[1:]]))
    monkeypatch.setattr(sys, "argv", ["/bin/fame", "pretrain", "--run", "a run"])
    for name in ("LOCAL_RANK", "SLURM_JOB_ID", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)
    return commands


OURS = ["-m", "--", "fame", "pretrain", "--run", "a run"]


@pytest.mark.parametrize("processes", [0, 1])
def test_one_process_needs_no_other(started, processes):
    launch.under_torchrun(processes)
    assert started == []


def test_a_process_that_torchrun_started_starts_no_more(started, monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "0")
    launch.under_torchrun(4, nodes=2)
    assert started == []


def test_several_processes_of_this_machine_meet_here(started):
    launch.under_torchrun(4)
    torchrun = [sys.executable, "-m", "torch.distributed.run"]
    assert started == [[*torchrun, "--standalone", "--nproc_per_node=4", *OURS]]


def test_machines_of_a_slurm_job_get_a_torchrun_each(started, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "41234")
    launch.under_torchrun(8, nodes=2, threads=6)
    ((srun, *options),) = started
    place = options.index(sys.executable)
    step, torchrun = options[:place], options[place:]
    assert srun == "srun"
    assert {
        "--overlap",
        "--nodes=2",
        "--ntasks=2",
        "--ntasks-per-node=1",
        "--cpus-per-task=6",
    } <= set(step)
    assert not any("gpu" in option for option in step)
    assert {"--nnodes=2", "--nproc_per_node=4", "--rdzv_id=41234"} <= set(torchrun)
    assert torchrun[-len(OURS) :] == OURS


def test_each_machine_gets_its_gpus_if_the_job_has_some(started, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "1")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2,3")
    launch.under_torchrun(8, nodes=2)
    assert "--gpus-per-node=4" in started[0]


def test_jobs_of_one_machine_meet_at_different_ports(started, monkeypatch):
    ends = set()
    for job in ("100", "101"):
        monkeypatch.setenv("SLURM_JOB_ID", job)
        launch.under_torchrun(2, nodes=2)
        (end,) = (option for option in started[-1] if "endpoint" in option)
        ends.add(end)
        assert 1024 < int(end.rsplit(":", 1)[1]) < 65536
    assert len(ends) == 2


def test_machines_without_slurm_are_refused_with_the_remedy(started):
    with pytest.raises(FameError, match="this is not a Slurm job; use profiles/slurm"):
        launch.under_torchrun(2, nodes=2)
    assert started == []


def test_processes_that_machines_cannot_share_are_refused(started, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "1")
    with pytest.raises(FameError, match="2 machines cannot share 3 processes equally"):
        launch.under_torchrun(3, nodes=2)
    assert started == []
