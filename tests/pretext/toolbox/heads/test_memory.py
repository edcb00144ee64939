"""MemDPC's memory."""

import math

import torch

from fame.pretext.toolbox.heads.memory import Memory, mixture

SLOTS = torch.tensor([[1.0, 0], [0, 2], [1, 1]])


def at_one_place(rows):
    return torch.tensor(rows)[..., None, None]


def test_mixtures_by_hand():
    found = mixture(at_one_place([[0.0, 0, 0], [math.log(2), 0, 0]]), SLOTS)
    expected = at_one_place([[0.666667, 1], [0.75, 0.75]])
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


def test_a_mixture_at_each_place():
    torch.manual_seed(0)
    memory = Memory(3, 7, 0.1)
    state = torch.randn(2, 3, 4, 5)
    found = memory(state)
    assert memory.slots.shape == (7, 3) and found.shape == (2, 3, 4, 5)
    weights = memory.choose(state)[1, :, 2, 3].softmax(dim=0)
    torch.testing.assert_close(found[1, :, 2, 3], weights @ memory.slots)
    found.sum().backward()
    assert all(parameter.grad is not None for parameter in memory.parameters())
