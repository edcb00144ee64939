"""Our SGD against PyTorch's class, to the bit."""

import copy

import pytest
import torch

from fame.train.sgd import SGD


def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.ReLU(), torch.nn.Linear(4, 3))


def gradients(module, step, without=()):
    """New ones for all parameters but those left out."""
    draw = torch.Generator().manual_seed(step)
    for row, parameter in enumerate(module.parameters()):
        fresh = torch.randn(parameter.shape, generator=draw)
        parameter.grad = None if row in without else fresh


def equal(ours, theirs):
    pairs = zip(ours.parameters(), theirs.parameters(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize(("momentum", "weight_decay"), [(0.9, 1e-4), (0.0, 0.0), (0.5, 0.1)])
def test_equals_the_class_of_pytorch_at_any_rate(momentum, weight_decay):
    ours, theirs = network(), network()
    sgd = SGD(ours.parameters(), momentum, weight_decay)
    peer = torch.optim.SGD(theirs.parameters(), lr=1, momentum=momentum, weight_decay=weight_decay)
    for step, lr in enumerate((0.1, 0.03, 0.5, 0.0)):
        without = (1,) if step == 0 else (2,) if step == 2 else ()
        gradients(ours, step, without)
        gradients(theirs, step, without)
        peer.param_groups[0]["lr"] = lr
        sgd.step(lr)
        peer.step()
        assert equal(ours, theirs)
    assert not equal(ours, network())


def test_goes_on_from_its_own_state_and_from_that_of_pytorchs_class():
    trained = network()
    peer = torch.optim.SGD(trained.parameters(), lr=0.1, momentum=0.9)
    mine = SGD(copy.deepcopy(trained).parameters(), 0.9, 0)
    gradients(trained, 0, without=(3,))
    for parameter, other in zip(mine.parameters, trained.parameters(), strict=True):
        parameter.grad = None if other.grad is None else other.grad.clone()
    peer.step()
    mine.step(0.1)
    ends = []
    for state in (peer.state_dict(), mine.state_dict()):
        module = copy.deepcopy(trained)
        sgd = SGD(module.parameters(), 0.9, 0)
        sgd.load_state_dict(copy.deepcopy(state))
        gradients(module, 1)
        sgd.step(0.1)
        ends.append(module)
    gradients(trained, 1)
    peer.step()
    assert equal(ends[0], trained)
    assert equal(ends[1], trained)


def test_gradients_are_forgotten():
    module = network()
    gradients(module, 0)
    SGD(module.parameters(), 0.9, 0).zero_grad()
    assert all(parameter.grad is None for parameter in module.parameters())
