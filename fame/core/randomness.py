"""Keyed randomness: every draw is a function of (seed, purpose, key) only.

A draw does not depend on the process, the loader worker or the order of execution, so results are
the same for any number of processes and after any interruption.
"""

import hashlib
from collections.abc import Sequence

import numpy as np


def _digest(seed: int, purpose: str, key: Sequence[int]) -> bytes:
    text = f"{seed}/{purpose}/" + "/".join(str(int(part)) for part in key)
    return hashlib.sha256(text.encode()).digest()


def generator(seed: int, purpose: str, *key: int) -> np.random.Generator:
    """A generator for one purpose and one key, usually (epoch, sample).

    Args:
        seed: the run's seed.
        purpose: what the draw is for, for example "crop"; distinct purposes are independent.
        key: integers that identify the draw.
    """
    words = np.frombuffer(_digest(seed, purpose, key)[:16], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=words))


def torch_seed(seed: int, purpose: str, *key: int) -> int:
    """A seed in [0, 2**63) for `torch.manual_seed`, keyed as `generator` is."""
    return int.from_bytes(_digest(seed, purpose, key)[:8], "little") >> 1
