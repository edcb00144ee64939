"""Whole networks with the fused kernels, through Triton's interpreter on the CPU.

Run by `test_fused_norm.py`, in a process of their own.
"""

import copy
import os
import socket
import subprocess
import sys

import fused_process
import pytest
import torch
from torch import nn

from fame.core.distributed import World
from fame.core.errors import FameError
from fame.models import build_encoder, whole_channels
from fame.models.backbones.i3d import I3DSettings
from fame.models.flat_conv import FlatConv3d
from fame.models.fused_norm import interpreted
from fame.models.group_batchnorm import configure, convert, kernels

assert interpreted(), "run me by test_fused_norm.py"

NETWORKS = {
    "r2plus1d": fused_process.SETTINGS,
    "i3d": I3DSettings(
        arch="i3d", width=4, blocks=(1, 1, 1), stem_frames=3,
        strides=((2, 2), (1, 2), (1, 2), (2, 2), (2, 2)), initialisation="he-fan-out",
    ),
}  # fmt: skip


def learnt(settings, clips, group, fused):
    """Features, gradients and state of one step."""
    encoder = convert(build_encoder(settings, seed=0).to(clips.dtype), group)
    configure(encoder, True, fused)
    features = encoder(clips)
    features.square().sum().backward()
    gradients = [parameter.grad for parameter in encoder.parameters()]
    return features.detach(), gradients, encoder.state_dict()


@pytest.mark.parametrize("settings", NETWORKS.values(), ids=NETWORKS)
def test_a_network_learns_the_same(settings):
    torch.manual_seed(0)
    clips = torch.rand(4, 3, 4, 18, 16, dtype=torch.float64)
    ours, theirs = (learnt(settings, clips, 2, fused) for fused in (True, False))
    torch.testing.assert_close(ours[0], theirs[0], rtol=1e-9, atol=1e-9)
    for got, expected in zip(ours[1], theirs[1], strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-7, atol=1e-9)
    assert list(ours[2]) == list(theirs[2])
    for key, value in theirs[2].items():
        torch.testing.assert_close(ours[2][key], value, rtol=1e-9, atol=1e-9)


def test_padded_channels_in_between_change_nothing(monkeypatch):
    """45, 230 and 921 channels; here 3, 7, 11 and 25, padded to multiples of 8."""
    torch.manual_seed(0)
    clips = torch.rand(2, 3, 4, 18, 16, dtype=torch.float64)
    theirs = learnt(NETWORKS["r2plus1d"], clips, 2, False)
    seen, convolve = set(), FlatConv3d._conv_forward

    def spy(self, input, weight, bias):
        seen.add(weight.shape[0] if self.kernel_size[0] == 1 else weight.shape[1])
        return convolve(self, input, weight, bias)

    monkeypatch.setattr(FlatConv3d, "_conv_forward", spy)
    monkeypatch.setattr(whole_channels, "in_bfloat16_on_a_gpu", lambda x: True)
    ours = learnt(NETWORKS["r2plus1d"], clips, 2, True)
    assert seen and all(channels % 8 == 0 for channels in seen)
    torch.testing.assert_close(ours[0], theirs[0], rtol=1e-9, atol=1e-9)
    for got, expected in zip(ours[1], theirs[1], strict=True):
        assert got.shape == expected.shape
        torch.testing.assert_close(got, expected, rtol=1e-7, atol=1e-9)
    assert ours[2].keys() == theirs[2].keys()
    for key, value in theirs[2].items():
        torch.testing.assert_close(ours[2][key], value, rtol=1e-9, atol=1e-9)


def test_two_processes_over_gloo_take_the_step_of_one_with_pytorch(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    command = [sys.executable, fused_process.__file__, str(tmp_path / "step.pt")]
    processes = [
        subprocess.Popen(command, env=os.environ | common | {"RANK": str(rank)})
        for rank in range(2)
    ]
    assert [process.wait(timeout=250) for process in processes] == [0, 0]
    ours = torch.load(tmp_path / "step.pt", weights_only=True)
    theirs = fused_process.step(World(0, 1, torch.device("cpu")), fused=False)
    assert ours.keys() == theirs.keys()
    for key, value in theirs.items():
        torch.testing.assert_close(ours[key], value, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("momentum", [0.1, None])
def test_running_statistics_follow_the_first_group(momentum):
    torch.manual_seed(0)
    fused = convert(nn.BatchNorm3d(3, momentum=momentum), 2)
    eager = copy.deepcopy(fused)
    configure(fused, True, True)
    for _ in range(2):
        x = torch.randn(4, 3, 2, 3, 3)
        torch.testing.assert_close(fused(x), eager(x))
    for key, value in eager.state_dict().items():
        torch.testing.assert_close(fused.state_dict()[key], value)
    before = copy.deepcopy(fused.state_dict())
    configure(fused, False, True)
    fused(x)
    assert all(torch.equal(fused.state_dict()[key], value) for key, value in before.items())
    assert kernels(fused, torch.device("cpu")).startswith("triton ")


def test_a_batch_that_cannot_be_cut_is_refused():
    norm = convert(nn.BatchNorm3d(3), 4)
    configure(norm, True, True)
    with pytest.raises(FameError, match=r"batch of 6 clips .* multiple"):
        norm(torch.randn(6, 3, 1, 2, 2))
