"""The keyed stream of training batches of one process."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fame.core.distributed import World
from fame.data.clips.batch import Batch
from fame.data.clips.dataset import TrainClips
from fame.data.clips.loader import KeyedBatches, loader


@dataclass(frozen=True)
class Batches:
    """Batches from any step on.

    Attributes:
        steps_per_epoch: whole batches in an epoch; the rest of a shuffled epoch is dropped.
        batches: makes the loader from a first step (counted from 0) to the end.
    """

    steps_per_epoch: int
    batches: Callable[[int], Iterable[Batch]]


def batches(
    dataset: TrainClips, batch: int, epochs: int, seed: int, world: World, workers: int
) -> Batches:
    """The batches of this process.

    Args:
        dataset: training clips.
        batch: the global batch, of which each process gets an equal, contiguous slice.
        epochs: of the whole training.
        seed: keys the order.
        world: this process among its peers.
        workers: loader processes; 0 reads in this one.
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
