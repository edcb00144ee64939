"""A precision's context: TF32 for `tf32` alone, autocast for `bfloat16` alone, nothing else."""

import pytest
import torch

from fame.train.precision import autocast, parameter_dtype, rounding

PRECISIONS = ["float32", "tf32", "bfloat16", "float64"]


def settings():
    """Everything that PyTorch lets one set of cuDNN and of products."""
    cudnn, products = torch.backends.cudnn, torch.backends.cuda.matmul
    others = (cudnn.enabled, cudnn.benchmark, cudnn.deterministic, cudnn.benchmark_limit)
    return (cudnn.allow_tf32, products.allow_tf32), others


@pytest.mark.parametrize("benchmark", [False, True])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_only_tf32_is_set_and_it_is_put_back(precision, benchmark, monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", benchmark)
    before = settings()
    assert before[1][0], "cuDNN is on"
    with pytest.raises(KeyError), rounding(precision):
        assert settings() == ((precision == "tf32",) * 2, before[1])
        raise KeyError
    assert settings() == before


@pytest.mark.parametrize("precision", PRECISIONS)
def test_autocast_is_for_bfloat16_alone(precision):
    with autocast(precision, torch.device("cpu")):
        assert torch.is_autocast_enabled("cpu") is (precision == "bfloat16")
    assert not torch.is_autocast_enabled("cpu")


@pytest.mark.parametrize("precision", PRECISIONS)
def test_weights_are_double_for_float64_alone(precision):
    expected = torch.float64 if precision == "float64" else torch.float32
    assert parameter_dtype(precision) == expected
