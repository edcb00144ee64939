"""How groups are shared out, which device a process gets, and one process being the identity.

What several processes compute together is tested by trainings, in tests/faults.
"""

import os

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fame.core.distributed import World, fixed_order, groups_of, world
from fame.core.errors import FameError

CPU = torch.device("cpu")


@settings(max_examples=30)
@given(size=st.integers(1, 5), each=st.integers(1, 4), group=st.integers(1, 8))
def test_groups_are_shared_out_in_order(size, each, group):
    batch = size * each * group
    shares = [groups_of(World(rank, size, CPU), batch, group) for rank in range(size)]
    assert [number for share in shares for number in share] == list(range(batch // group))
    assert {len(share) for share in shares} == {each}


@pytest.mark.parametrize(("size", "batch", "group"), [(3, 64, 8), (16, 64, 8), (2, 8, 8)])
def test_a_world_that_cannot_share_the_groups_is_refused(size, batch, group):
    message = f"{size} processes cannot share a batch of {batch} in groups of {group}"
    with pytest.raises(FameError, match=message):
        groups_of(World(0, size, CPU), batch, group)


def test_one_process_changes_nothing():
    alone = World(0, 1, CPU)
    weight = torch.nn.Parameter(torch.ones(2))
    (3 * weight.sum()).backward()
    alone.average_gradients([weight])
    assert weight.grad.tolist() == [3, 3]
    for operation in (alone.gather, alone.mean):
        result = operation(2 * weight)
        assert result.tolist() == [2, 2] and not result.requires_grad
    alone.barrier()
    assert alone.is_first and not World(1, 2, CPU).is_first


def test_a_world_of_one_needs_no_process_group(monkeypatch):
    for name in ("WORLD_SIZE", "RANK", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    threads = torch.get_num_threads()
    with world(threads, deterministic=False) as alone:
        assert alone == World(0, 1, CPU)
        assert not torch.distributed.is_initialized()


@pytest.mark.parametrize("wanted", [False, True])
def test_a_fixed_order_ends_with_its_context(monkeypatch, wanted):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    before = torch.are_deterministic_algorithms_enabled()
    with pytest.raises(ZeroDivisionError), fixed_order(wanted):
        assert torch.are_deterministic_algorithms_enabled() == wanted
        _ = 1 / 0
    assert torch.are_deterministic_algorithms_enabled() == before


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
