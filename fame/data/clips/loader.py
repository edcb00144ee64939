"""The order in which videos are read, and the DataLoader that reads them."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Sampler

from fame.core import randomness as draws
from fame.core.errors import FameError
from fame.data.clips import workers as processes
from fame.data.clips.batch import collate
from fame.data.clips.dataset import Key, TrainClips, UniformClips


class KeyedBatches(Sampler[list[Key]]):
    """Batches of (epoch, index) for a whole training, in an order keyed by (seed, epoch).

    Every process gets a contiguous slice of the same global batches, and a resumed run continues
    with the batch that comes next in an uninterrupted one.

    Args:
        videos: number of videos.
        batch: global batch size; must be a multiple of `world`.
        epochs: number of epochs.
        seed: the run's seed.
        first_step: global steps already done.
        rank: number of this process.
        world: number of processes.
        drop_last: skip an epoch's last partial batch; required with several processes.

    Raises:
        FameError: fewer videos than a batch, or a batch that the processes cannot share equally.
    """

    def __init__(
        self,
        videos: int,
        batch: int,
        epochs: int,
        seed: int,
        *,
        first_step: int = 0,
        rank: int = 0,
        world: int = 1,
        drop_last: bool = True,
    ) -> None:
        if drop_last and videos < batch:
            raise FameError(
                f"{videos} videos cannot fill a batch of {batch}; "
                "lower `batch` in the scale or add videos"
            )
        if batch % world or (world > 1 and not drop_last):
            raise FameError(
                f"{world} processes cannot share each batch of {batch} equally; use a multiple "
                "of their number and drop the last partial batch."
            )
        self.videos, self.batch, self.epochs, self.seed = videos, batch, epochs, seed
        self.first_step, self.rank, self.world = first_step, rank, world
        self.steps_per_epoch = videos // batch if drop_last else -(-videos // batch)

    def __len__(self) -> int:
        """Number of remaining steps."""
        return max(self.epochs * self.steps_per_epoch - self.first_step, 0)

    def __iter__(self) -> Iterator[list[Key]]:
        """This process's part of each remaining global batch."""
        share = self.batch // self.world
        order: np.ndarray | None = None
        for step in range(self.first_step, self.epochs * self.steps_per_epoch):
            epoch, position = divmod(step, self.steps_per_epoch)
            if order is None or position == 0:
                order = self._order(epoch)
            start = position * self.batch + self.rank * share
            yield [(epoch, int(index)) for index in order[start : start + share]]

    def _order(self, epoch: int) -> np.ndarray:
        return draws.generator(self.seed, "order", epoch).permutation(self.videos)


def loader(
    dataset: TrainClips | UniformClips, batches: Iterable[list[Any]], workers: int = 0
) -> DataLoader[Any]:
    """A DataLoader that yields `Batch`es, pinned if there is a GPU.

    Args:
        dataset: the clips.
        batches: `KeyedBatches` for `TrainClips`, lists of rows for `UniformClips`.
        workers: worker processes of one thread each; batches do not depend on their number.
    """
    return DataLoader(
        dataset,
        batch_sampler=batches,
        num_workers=workers,
        collate_fn=collate,
        pin_memory=torch.cuda.is_available(),
        worker_init_fn=processes.start,
    )
