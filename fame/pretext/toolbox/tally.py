"""Counts of what a method drew while it trained, for its card."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from fame.core.distributed import World


class Tally(nn.Module):
    """How often each outcome of a draw occurred, over all processes and resumed parts of a run.

    The counts are a buffer, so they are in the checkpoints.

    Args:
        names: of the outcomes, in the order of their numbers.
        world: this process among its peers.
    """

    counts: Tensor

    def __init__(self, names: Sequence[str], world: World) -> None:
        super().__init__()
        self.names, self._world = tuple(names), world
        self.register_buffer("counts", torch.zeros(len(self.names), dtype=torch.int64))

    def add(self, outcomes: Tensor) -> None:
        """Count this process's outcomes, (B,) int64, and those of all others."""
        everywhere = self._world.gather(outcomes)
        numbers = torch.arange(len(self.names), device=everywhere.device)
        self.counts += (everywhere[:, None] == numbers).sum(dim=0)

    def shares(self) -> dict[str, float]:
        """The share of each outcome in [0, 1], by name; zeros before the first count."""
        total = max(int(self.counts.sum()), 1)
        shares = (self.counts.double() / total).tolist()
        return {name: round(share, 4) for name, share in zip(self.names, shares, strict=True)}

    def largest(self) -> float | None:
        """The share of the commonest outcome: what always naming it would score; None at first."""
        return max(self.shares().values()) or None
