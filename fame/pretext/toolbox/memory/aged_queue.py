"""A queue whose keys count less the older they are (VideoMoCo; Pan et al., CVPR 2021)."""

import torch
from torch import Tensor

from fame.pretext.toolbox.memory.queue import KeyQueue


class AgedQueue(KeyQueue):
    """The newest `size` keys; as negatives they are multiplied by decay^age.

    Args:
        size, dim, seed: as of `KeyQueue`.
        decay: in (0, 1]; 1 keeps every key as it is.

    Attributes:
        ages: (size,) int64, in steps: 1 at the step after a key was enqueued. The random vectors of
            the start age as if enqueued just before the first step.
    """

    ages: Tensor

    def __init__(self, size: int, dim: int, seed: int, decay: float) -> None:
        super().__init__(size, dim, seed)
        self.decay = decay
        self.register_buffer("ages", torch.ones(size, dtype=torch.int64))

    def negatives(self) -> Tensor:
        """The current keys times decay^age, (size, dim): so are their similarities."""
        factors = torch.pow(self.decay, self.ages.to(self.keys.dtype))
        return self.keys * factors[:, None]

    @torch.no_grad()
    def enqueue(self, keys: Tensor) -> None:
        """All keys age by one step; then the oldest are overwritten by `keys` (N, dim)."""
        size = len(self)
        if size == 0:
            return
        count = min(len(keys), size)
        rows = (self.pointer + torch.arange(count, device=self.ages.device)) % size
        self.ages += 1
        self.ages[rows] = 1
        super().enqueue(keys)


def decay_of(oldest: float, keys: int, size: int) -> float:
    """The decay for which a queue's oldest keys count `oldest` times as much as without.

    Args:
        oldest: in (0, 1].
        keys: enqueued at each step.
        size: of the queue; 0 gives 1.
    """
    return float(oldest ** min(keys / size, 1)) if size else 1.0
