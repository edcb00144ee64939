"""A pretext method that breaks in its first step, to see whether a trial notices."""

import torch

from fame.data.clips.batch import Batch
from fame.pretext.common import Method, Setup


class Stumble(Method):
    """Raises instead of learning."""

    clips = 1

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.encoder = setup.encoder

    def loss(self, batch: Batch, step: int) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Raises RuntimeError."""
        raise RuntimeError("the method stumbled")


METHOD = Stumble
