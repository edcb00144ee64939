"""Processes of one machine take GPUs in turn, and give them back when they end."""

import os
import subprocess
import sys

import pytest
import torch

from fame.core.errors import FameError
from fame.core.gpus import own_device

HOLDER = """
import sys, torch
torch.cuda.is_available = lambda: True
torch.cuda.device_count = lambda: 2
from fame.core.gpus import own_device
with own_device() as device:
    print(device.index, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def two_gpus(monkeypatch, tmp_path):
    """Pretends that there are two GPUs; locks go to a folder of the test's own."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return os.environ | {"TMPDIR": str(tmp_path)}


@pytest.fixture
def holder(two_gpus):
    """Starts processes that hold a GPU until the test ends."""
    held = []

    def start():
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        held.append(subprocess.Popen([sys.executable, "-c", HOLDER], env=two_gpus, **pipes))
        return int(held[-1].stdout.readline())

    yield start
    for process in held:
        process.communicate()


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    """No variable of the caller's decides."""
    for name in ("CUDA_VISIBLE_DEVICES", "FAME_DEVICE", "SLURM_JOB_ID", "SLURMD_NODENAME"):
        monkeypatch.delenv(name, raising=False)


def test_no_gpu_is_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with own_device() as device:
        assert device == torch.device("cpu")


def test_gpus_that_were_given_and_are_not_there_are_no_cpu(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    with pytest.raises(FameError, match=r"given the GPU\(s\) 0,1, but PyTorch finds none"):
        own_device().__enter__()
    monkeypatch.setenv("FAME_DEVICE", "cpu")
    with own_device() as device:
        assert device == torch.device("cpu")
    assert "GPU(s) 0,1 of this machine stay idle" in capsys.readouterr().err


def test_the_cpu_can_be_asked_for(two_gpus, monkeypatch):
    monkeypatch.setenv("FAME_DEVICE", "cpu")
    with own_device() as device:
        assert device == torch.device("cpu")


def test_processes_take_gpus_in_turn_until_there_are_none(holder):
    assert holder() == 0
    with own_device() as device:
        assert device == torch.device("cuda", 1)
    assert holder() == 1
    with pytest.raises(FameError, match="all 2 visible GPUs"), own_device():
        pass


def test_gpus_are_told_apart_by_what_is_visible(holder, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7,0")
    assert holder() == 0  # sees 0 and 1
    with own_device() as device:
        assert device.index == 0  # that is GPU 7


def test_another_device_is_refused(monkeypatch):
    monkeypatch.setenv("FAME_DEVICE", "gpu")
    with pytest.raises(FameError, match="FAME_DEVICE is 'gpu'; set it to cpu"):
        own_device().__enter__()


def test_slurm_jobs_do_not_hold_each_other_up(holder, two_gpus, monkeypatch):
    """Where devices are constrained, every job sees its own GPUs as 0, 1 ..."""
    two_gpus["SLURM_JOB_ID"] = "1"
    assert [holder(), holder()] == [0, 1]
    monkeypatch.setenv("SLURM_JOB_ID", "2")
    with own_device() as device:
        assert device.index == 0
    monkeypatch.setenv("SLURM_JOB_ID", "1")
    with pytest.raises(FameError, match="all 2 visible GPUs"), own_device():
        pass
