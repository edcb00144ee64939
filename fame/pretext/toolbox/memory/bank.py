"""The newest vectors of earlier steps, and the videos that they are of."""

import torch
from torch import Tensor, nn


class Bank(nn.Module):
    """A ring of vectors; saved in checkpoints, so that a resumed run is bit-identical.

    Unlike `KeyQueue` it starts empty and knows when it is full, and which video a vector is of.

    Args:
        size: number of vectors; 0 keeps none.
        dim: of a vector.

    Attributes:
        vectors: (size, dim) floating point; zeros where there was none yet.
        videos: (size,) int64 rows of the manifest; -1 where there was none yet.
        pointer: () int64, the row of the oldest vector.
    """

    vectors: Tensor
    videos: Tensor
    pointer: Tensor

    def __init__(self, size: int, dim: int) -> None:
        super().__init__()
        self.register_buffer("vectors", torch.zeros(size, dim))
        self.register_buffer("videos", torch.full((size,), -1, dtype=torch.int64))
        self.register_buffer("pointer", torch.zeros((), dtype=torch.int64))

    def __len__(self) -> int:
        """The number of vectors, once it is full."""
        return len(self.vectors)

    def full(self) -> bool:
        """Whether every row was written once."""
        return bool((self.videos >= 0).all())

    @torch.no_grad()
    def add(self, vectors: Tensor, videos: Tensor) -> None:
        """Overwrite the oldest vectors.

        Args:
            vectors: (N, dim); if N exceeds the bank's size, the last ones are kept.
            videos: (N,) int64.
        """
        size = len(self)
        if size == 0:
            return
        vectors, videos = vectors[-size:].to(self.vectors.dtype), videos[-size:]
        rows = (self.pointer + torch.arange(len(vectors), device=vectors.device)) % size
        self.vectors[rows] = vectors
        self.videos[rows] = videos
        self.pointer.copy_((self.pointer + len(vectors)) % size)
