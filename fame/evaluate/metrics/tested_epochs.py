"""After which epochs the release tests on the test videos (facts A6), for those who replay it."""

EVERY = 10


def due(epoch: int, epochs: int) -> bool:
    """Whether an epoch, counted from 1, of a training of `epochs` is tested.

    The first, every tenth after it, and the last: the release counts from 0.
    """
    return epoch % EVERY == 1 or epoch == epochs


def number(epochs: int) -> int:
    """How many epochs of a training are tested."""
    return sum(due(epoch, epochs) for epoch in range(1, epochs + 1))
