"""BatchNorm, a residual sum and ReLU, one by one and as one."""

import copy
import subprocess
import sys

import pytest
import torch
from torch import nn

from fame.models.group_batchnorm import configure, convert, kernels
from fame.models.norm_relu import Chain, norm_relu, through

CPU = torch.device("cpu")


def layers():
    torch.manual_seed(0)
    return [
        nn.Conv3d(2, 3, 1),
        nn.BatchNorm3d(3),
        nn.ReLU(inplace=True),
        nn.ReLU(),
        nn.Conv3d(3, 2, 1),
    ]


@pytest.mark.parametrize("training", [True, False])
def test_a_chain_is_a_sequence(training):
    plain, chain = nn.Sequential(*layers()).train(training), Chain(*layers()).train(training)
    x = torch.randn(4, 2, 2, 3, 3)
    assert torch.equal(chain(x), plain(x)) and torch.equal(through(chain, x), plain(x))
    assert list(chain.state_dict()) == list(plain.state_dict())


@pytest.mark.parametrize("grouped", [True, False])
def test_the_residual_is_added_before_the_clip(grouped):
    norm = nn.BatchNorm3d(3)
    x, residual = torch.randn(4, 3, 2, 3, 3), torch.randn(4, 3, 2, 3, 3)
    expected = (copy.deepcopy(norm)(x) + residual).relu()
    norm = convert(norm, 4) if grouped else norm
    assert torch.equal(norm_relu(norm, x, residual), expected)


def test_on_a_cpu_a_fused_layer_uses_pytorch_and_the_card_says_so():
    norm = convert(nn.BatchNorm3d(3), 2)
    configure(norm, update_running=True, fused=True)
    assert norm.fused and not norm.fuses(torch.zeros(4, 3, 1, 2, 2))
    assert kernels(norm, CPU) == "pytorch"


def test_which_inputs_are_fused(monkeypatch):
    monkeypatch.setattr("fame.models.group_batchnorm.ready", lambda device: True)
    norm, clips = convert(nn.BatchNorm3d(3), 2), torch.zeros(4, 3, 1, 2, 2)
    assert not norm.fuses(clips)
    configure(norm, update_running=False, fused=True)
    assert norm.fuses(clips) and not norm.update_running
    assert not norm.eval().fuses(clips)
    head = convert(nn.BatchNorm1d(3), 2)
    configure(head, update_running=True, fused=True)
    assert not head.fuses(clips[..., 0, 0, 0])
    bare = convert(nn.BatchNorm3d(3, affine=False), 2)
    configure(bare, update_running=True, fused=True)
    assert not bare.fuses(clips)


@pytest.mark.slow
def test_a_cpu_job_imports_no_triton():
    """It costs seconds."""
    code = (
        "import sys, torch\n"
        "from fame.models.group_batchnorm import configure, convert, kernels\n"
        "norm = convert(torch.nn.BatchNorm3d(3), 2)\n"
        "configure(norm, True, True)\n"
        "norm(torch.randn(4, 3, 1, 2, 2)), kernels(norm, torch.device('cpu'))\n"
        "sys.exit('triton' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
