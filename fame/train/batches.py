"""Training batches of one process, in a keyed order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fame.core.distributed import World
from fame.data.clips.batch import Batch
from fame.data.clips.dataset import TrainClips
from fame.data.clips.loader import KeyedBatches, loader


@dataclass(frozen=True)
class Batches:
    """Training batches that can start at any step.

    Attributes:
        steps_per_epoch: full batches per epoch; an epoch's last, partial batch is dropped.
        batches: given a first step (from 0), makes the loader of all batches from there on.
    """

    steps_per_epoch: int
    batches: Callable[[int], Iterable[Batch]]


def batches(
    dataset: TrainClips, batch: int, epochs: int, seed: int, world: World, workers: int
) -> Batches:
    """The batches of this process.

    Args:
        dataset: training clips.
        batch: the size of the global batch; each process gets an equal, contiguous slice.
        epochs: number of epochs of the whole training.
        seed: keys the order.
        world: this process among its peers.
        workers: number of loader processes; 0 loads in this process.
    """

    def schedule(first: int) -> KeyedBatches:
        return KeyedBatches(
            len(dataset),
            batch=batch,
            epochs=epochs,
            seed=seed,
            first_step=first,
            rank=world.rank,
            world=world.size,
            drop_last=True,
        )

    return Batches(
        schedule(0).steps_per_epoch,
        lambda first: loader(dataset, schedule(first), workers=workers),
    )
