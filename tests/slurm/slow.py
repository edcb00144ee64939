"""MoCo that takes its time, so that a test can meet it at work; its result is MoCo's.

`FAME_TEST_PAUSE` holds the seconds that each step waits.
"""

import os
import time

import torch

from fame.data.clips.batch import Batch
from fame.pretext.moco import MoCo

USES = ("moco",)


class Slow(MoCo):
    """Waits before each step."""

    def loss(self, batch: Batch, step: int) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """MoCo's loss, later."""
        time.sleep(float(os.environ.get("FAME_TEST_PAUSE", "0")))
        return super().loss(batch, step)


METHOD = Slow
