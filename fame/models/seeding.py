"""Initial weights that depend on the run's seed only, not on earlier random draws."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from fame.core.randomness import torch_seed


@contextmanager
def keyed_initialisation(seed: int, purpose: str) -> Iterator[None]:
    """Modules built in this context get initial weights keyed by (seed, purpose).

    The CPU generator is restored afterwards; those of devices are not touched, so build on the
    CPU, then move.

    Args:
        seed: the run's seed.
        purpose: what is built, for example "initialisation" (the encoder) or "head".
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(torch_seed(seed, purpose))
        yield
