import torch
from slow_moco import WORLD

from fame.core.distributed import World
from fame.pretext.toolbox.tally import Tally


class Two(World):
    """The first of two processes; the other one drew nothing but ones."""

    def gather(self, tensor):
        return torch.cat([tensor, torch.ones_like(tensor)])


def test_outcomes_are_counted_over_all_processes_and_kept_in_checkpoints():
    tally = Tally(("a", "b", "c"), Two(0, 2, torch.device("cpu")))
    assert tally.shares() == {"a": 0, "b": 0, "c": 0} and tally.largest() is None
    tally.add(torch.tensor([0, 0, 2]))
    again = Tally(("a", "b", "c"), WORLD)
    again.load_state_dict(tally.state_dict())
    again.add(torch.tensor([0, 2]))
    assert again.shares() == {"a": 0.375, "b": 0.375, "c": 0.25}
    assert again.largest() == 0.375
