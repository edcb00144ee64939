"""A pretext method in a file of its own: guess how bright a clip is."""

import torch

from fame.data.clips.batch import Batch
from fame.models.seeding import keyed_initialisation
from fame.pretext.common import Method, Setup


class Brightness(Method):
    """Regresses the mean of a normalised view from its feature."""

    clips = 1

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.encoder = setup.encoder
        self._views = setup.views
        with keyed_initialisation(setup.run.seed, "head"):
            self.head = torch.nn.Linear(setup.encoder.feature_dim, 1)
        self.to(setup.world.device)

    def loss(self, batch: Batch, step: int) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Mean squared error of the guess."""
        (view,) = self._views(batch, step)
        guess = self.head(self.encoder(view)).squeeze(1)
        error = (guess - view.mean(dim=(1, 2, 3, 4))).square().mean()
        return error, {"error": error}


METHOD = Brightness
