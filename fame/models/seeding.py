"""Initial weights that depend on the run's seed and on nothing that was drawn before."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from fame.core.randomness import torch_seed


@contextmanager
def keyed_initialisation(seed: int, purpose: str) -> Iterator[None]:
    """Modules built inside start from weights keyed by (seed, purpose).

    The CPU generator is put back afterwards, and those of devices are not touched: build on the
    CPU, then move.

    Args:
        seed: the run's seed.
        purpose: what is built, for example "initialisation" (the encoder) or "head".
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(torch_seed(seed, purpose))
        yield
