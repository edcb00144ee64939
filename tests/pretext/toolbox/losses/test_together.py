"""Two processes' gradients, averaged, are those of one process with the whole batch."""

from dataclasses import dataclass

import torch
from method_runs import WORLD

from fame.core.distributed import World
from fame.pretext.toolbox.losses.together import together


@dataclass(frozen=True)
class Pair(World):
    """One of two processes; the whole batch is known beforehand."""

    whole: torch.Tensor | None = None

    def gather(self, tensor):
        return self.whole.detach()


def loss_of(values):
    return ((values @ values.T).softmax(dim=1) * torch.arange(16.0).view(4, 4)).sum()


def test_averaged_gradients_are_those_of_the_whole_batch():
    matrix = torch.rand(3, 2, dtype=torch.float64)
    data = torch.rand(4, 3, dtype=torch.float64)

    def gradient(rows, world):
        weight = matrix.clone().requires_grad_()
        values = together(world, data[rows] @ weight)
        assert torch.equal(values, data @ matrix)
        loss_of(values).backward()
        return weight.grad

    alone = gradient(slice(0, 4), WORLD)
    halves = [
        gradient(slice(2 * rank, 2 * rank + 2), Pair(rank, 2, WORLD.device, data @ matrix))
        for rank in range(2)
    ]
    torch.testing.assert_close(sum(halves) / 2, alone)
