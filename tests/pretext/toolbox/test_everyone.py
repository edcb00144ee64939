"""A loss of the global batch has the gradient of one process, however many there are."""

import torch
from slow_moco import WORLD

from fame.core.distributed import World
from fame.pretext.toolbox.everyone import everyones
from fame.pretext.toolbox.nt_xent import nt_xent


class Half(World):
    """One of two processes that knows what the other has."""

    def gather(self, tensor):
        return self.everything.clone()


def test_two_halves_have_the_gradient_of_the_whole():
    generator = torch.Generator().manual_seed(0)
    first, second = torch.rand(2, 6, 3, generator=generator, dtype=torch.float64)
    whole = first.clone().requires_grad_()
    assert everyones(WORLD, whole) is whole
    loss, _ = nt_xent(everyones(WORLD, whole), second, 0.5)
    loss.backward()
    parts = []
    for rank in range(2):
        world = Half(rank, 2, torch.device("cpu"))
        object.__setattr__(world, "everything", first)
        part = first[3 * rank : 3 * rank + 3].clone().requires_grad_()
        found, _ = nt_xent(everyones(world, part), second, 0.5)
        assert torch.equal(found, loss)
        found.backward()
        parts.append(part.grad / 2)  # training takes the mean over processes
    torch.testing.assert_close(torch.cat(parts), whole.grad)
