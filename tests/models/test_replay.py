"""Recorded calls: the wiring here, the recording itself on a GPU."""

import copy

import pytest
import torch
from torch import nn

from fame.core.errors import FameError
from fame.models import replay
from fame.models.replay import replayed


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv3d(3, 4, 1), nn.BatchNorm3d(4), nn.Flatten(), nn.LazyLinear(5))


def test_running_statistics_are_as_before_the_recording(monkeypatch):
    """The recording calls the network, which moves them."""
    net, clips = network(), torch.rand(4, 3, 2, 4, 4)
    net(clips)
    before = copy.deepcopy(net.state_dict())
    seen = []

    def record(calls, inputs):
        for call, (given,) in zip(calls, inputs, strict=True):
            seen.append(given)
            call(given)
        return calls

    monkeypatch.setattr(torch.cuda, "make_graphed_callables", record)
    calls = replayed([net, net], clips, bfloat16=False)
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert len(calls) == 2
    # Each call has an input of its own, which its gradient reads later.
    assert len({given.data_ptr() for given in seen} | {clips.data_ptr()}) == 3


def test_what_cannot_be_recorded_names_the_setting(monkeypatch):
    def fail(calls, inputs):
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(torch.cuda, "make_graphed_callables", fail)
    with pytest.raises(FameError, match=r"stream is capturing.*cuda_graphs"):
        replayed([network()], torch.rand(4, 3, 2, 4, 4), bfloat16=False)


def test_too_little_memory_stays_that(monkeypatch):
    """Callers try a smaller batch then."""

    def fail(calls, inputs):
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(torch.cuda, "make_graphed_callables", fail)
    with pytest.raises(torch.OutOfMemoryError):
        replayed([network()], torch.rand(4, 3, 2, 4, 4), bfloat16=False)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_replay_gives_the_same_outputs_and_gradients():
    device = torch.device("cuda")
    net, clips = network().to(device), torch.rand(2, 4, 3, 2, 4, 4, device=device)
    net(clips[0])
    twin = copy.deepcopy(net)
    calls = replay.replayed([net, net], clips[0], bfloat16=False)
    ours = [call(view).square().sum() for call, view in zip(calls, clips, strict=True)]
    theirs = [twin(view).square().sum() for view in clips]
    torch.testing.assert_close(ours, theirs)
    for losses in (ours, theirs):
        sum(losses).backward()
    for one, other in zip(net.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)
