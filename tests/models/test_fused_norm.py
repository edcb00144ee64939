"""BatchNorm, ReLU and a residual sum in one, and when they are not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from fame.models import fused_norm

TESTS = Path(__file__).resolve().parents[1]
FILES = sorted(TESTS.rglob("interpreted_*.py"))
"""Tests for Triton's interpreter, which a process chooses before it imports Triton."""


@pytest.mark.slow
@pytest.mark.skipif(not fused_norm.installed(), reason="there is no Triton on this machine")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_kernels_are_right_through_the_interpreter(file):
    command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "-m", "", "-p", "no:cacheprovider"]
    environment = {**os.environ, "TRITON_INTERPRET": "1"}
    done = subprocess.run(
        [*command, str(file)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_a_cpu_is_ready_only_for_the_interpreter(monkeypatch):
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    assert not fused_norm.ready(torch.device("cpu"))
    monkeypatch.setattr(fused_norm, "installed", lambda: True)
    assert fused_norm.ready(torch.device("cuda"))
    monkeypatch.setattr(fused_norm, "installed", lambda: False)
    assert not fused_norm.ready(torch.device("cuda"))
