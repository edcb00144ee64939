"""A queue of the newest keys, which serve as negatives (He et al., CVPR 2020)."""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from fame.core.randomness import generator


class KeyQueue(nn.Module):
    """The newest `size` keys; saved in checkpoints, so that a resumed run is bit-identical.

    Args:
        size: number of keys; 0 keeps none.
        dim: of a key.
        seed: the run's seed; the queue starts with random unit vectors.

    Attributes:
        keys: (size, dim) unit vectors.
        pointer: () int64, the row of the oldest key.
    """

    keys: Tensor
    pointer: Tensor

    def __init__(self, size: int, dim: int, seed: int) -> None:
        super().__init__()
        start = torch.from_numpy(generator(seed, "queue").standard_normal((size, dim)))
        self.register_buffer("keys", normalize(start.float(), dim=1))
        self.register_buffer("pointer", torch.zeros((), dtype=torch.int64))

    def __len__(self) -> int:
        """The number of keys."""
        return len(self.keys)

    def negatives(self) -> Tensor:
        """A copy of the current keys, (size, dim)."""
        return self.keys.clone()

    @torch.no_grad()
    def enqueue(self, keys: Tensor) -> None:
        """Overwrite the oldest keys.

        Args:
            keys: (N, dim) unit vectors; if N exceeds the queue's size, the last ones are kept.
        """
        size = len(self)
        if size == 0:
            return
        keys = keys[-size:].to(self.keys.dtype)
        rows = (self.pointer + torch.arange(len(keys), device=keys.device)) % size
        self.keys[rows] = keys
        self.pointer.copy_((self.pointer + len(keys)) % size)
