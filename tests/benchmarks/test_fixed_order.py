"""The deterministic switch."""

import os

import torch

from fame.config.reading import load_scale
from fame.core.distributed import fixed_order


def test_fixed_order_is_honoured_and_put_back(monkeypatch):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", True)
    with fixed_order(True):
        assert torch.are_deterministic_algorithms_enabled()
        assert not torch.backends.cudnn.benchmark
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
        with fixed_order(False):
            assert not torch.are_deterministic_algorithms_enabled()
        assert torch.are_deterministic_algorithms_enabled()
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.backends.cudnn.benchmark


def test_every_scale_file_says_whether_it_is_deterministic(root):
    files = [*(root / "config" / "scales").glob("*.yaml"), root / "tests/workflow/micro.yaml"]
    assert all(isinstance(load_scale(str(f)).resources.deterministic, bool) for f in files)
