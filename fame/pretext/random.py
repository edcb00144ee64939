"""No pretraining: the randomly initialised encoder, the baseline that methods must beat."""

import torch

from fame.core.errors import FameError
from fame.data.clips.batch import Batch
from fame.pretext.common import Method, Setup


class Untrained(Method):
    """Keeps the encoder unchanged; there is no training step."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.encoder = setup.encoder

    def loss(self, batch: Batch, step: int) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Never called: a recipe with this method has no dataset to pretrain on."""
        raise FameError("the method 'random' is not trained; remove `pretrain` from its recipe")


METHOD = Untrained
