"""A network follows another one."""

import copy

import pytest
import torch
from torch import nn

from fame.pretext.toolbox.memory.momentum import follow


def test_every_parameter_moves_by_its_share_and_no_buffer_does():
    torch.manual_seed(0)
    query = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    key = copy.deepcopy(query)
    with torch.no_grad():
        for parameter in query.parameters():
            parameter.add_(torch.randn_like(parameter))
    query[1].running_mean.fill_(5)
    before = copy.deepcopy(key)
    follow(key, query, 0.75)
    for now, old, fast in zip(
        key.parameters(), before.parameters(), query.parameters(), strict=True
    ):
        torch.testing.assert_close(now, 0.75 * old + 0.25 * fast)
    assert torch.equal(key[1].running_mean, torch.zeros(4))


def test_without_momentum_both_are_equal():
    query = nn.Linear(3, 4)
    key = nn.Linear(3, 4)
    follow(key, query, 0)
    assert all(map(torch.equal, key.parameters(), query.parameters()))


def test_networks_without_parameters_are_left_alone():
    follow(nn.ReLU(), nn.ReLU(), 0.9)


def test_other_networks_are_refused():
    with pytest.raises(RuntimeError):
        follow(nn.Linear(3, 4), nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 4)), 0.9)
