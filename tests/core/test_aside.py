"""What is done aside is done, wherever it is computed."""

from dataclasses import dataclass

import pytest
import torch

from fame.core.aside import _tensors, aside


@dataclass
class Pair:
    clips: torch.Tensor
    name: str


def test_on_a_cpu_the_action_is_called():
    assert aside(torch.device("cpu"), lambda: 3) == 3


def test_tensors_are_found_in_what_an_action_gives():
    first, second, third = torch.zeros(1), torch.ones(1), torch.ones(2)
    found = list(_tensors([first, (Pair(second, "x"), 4), None, third]))
    assert [id(tensor) for tensor in found] == [id(first), id(second), id(third)]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_later_work_waits():
    device = torch.device("cuda")
    x = torch.rand(4096, 4096, device=device)
    expected = (x @ x @ x).sum()
    torch.cuda.synchronize()
    given = aside(device, lambda: x @ x @ x)
    torch.testing.assert_close(given.sum(), expected)
