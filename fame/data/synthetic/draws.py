"""The random draws of one generated video, each purpose with a stream of its own.

A purpose that is not asked for takes nothing from the others, so a setting that is off changes
nothing in the rest of the video.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from fame.config.worlds import WorldConfig
from fame.core.randomness import generator

Draw = Callable[[str], np.random.Generator]


def draws(config: WorldConfig, seed: int, split: str, video: int) -> Draw:
    """The random generators of one video, by purpose ("sprite", "camera", ...)."""
    place = f"world/{Path(config.layout).stem}/{split}"  # not a plug-in's path, which may change
    return lambda purpose: generator(seed, f"{place}/{purpose}", config.seed, video)
