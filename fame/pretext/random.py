"""No pretraining: the encoder as it was initialised, the reference every method must beat."""

import torch

from fame.core.errors import FameError
from fame.data.clips.batch import Batch
from fame.pretext.common import Method, Setup


class Untrained(Method):
    """Keeps its encoder as it is; takes no steps."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.encoder = setup.encoder

    def loss(self, batch: Batch, step: int) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Never called: a recipe with this method has no dataset to pretrain on."""
        raise FameError("the method 'random' is not trained; remove `pretrain` from its recipe")


METHOD = Untrained
