"""Supervised pretraining: cross-entropy on the pretraining videos' labels.

The reference for contrastive encoders in Figure 3. One clip per video, the scale's views, no
merging. The classifier is initialised from N(0, 0.01), as in finetuning.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from fame.core.errors import FameError
from fame.data.clips.batch import Batch
from fame.models.encoder import Encoder
from fame.models.seeding import keyed_initialisation
from fame.pretext.common import Method, NoOptions, Setup


class Supervised(Method):
    """An encoder and a linear classifier; no options, no `merge`."""

    clips = 1
    encoder: Encoder

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        setup.read_options(NoOptions, "supervised")
        setup.refuse_merge("supervised")
        if setup.classes < 2:
            raise FameError(
                "the method 'supervised' needs videos of two classes or more; "
                f"{setup.run.pretrain} has {setup.classes}"
            )
        self._views = setup.views
        self.encoder = setup.encoder
        self.linear = torch.nn.Linear(setup.encoder.feature_dim, setup.classes)
        with keyed_initialisation(setup.run.seed, "classifier"):
            torch.nn.init.normal_(self.linear.weight, std=0.01)
            torch.nn.init.zeros_(self.linear.bias)
        self.to(setup.world.device)

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Cross-entropy, and the share of correctly classified clips.

        Raises:
            FameError: a video without a label.
        """
        if (batch.labels < 0).any():
            raise FameError("the method 'supervised' met a video without a label; label it")
        (clips,) = self._views(batch, step)
        logits = self.linear(self.encoder(clips))
        hits = (logits.argmax(dim=1) == batch.labels).float().mean()
        return cross_entropy(logits.float(), batch.labels), {"accuracy": hits}

    def chance(self, batch: int) -> float | None:
        """1 / the number of classes."""
        return 1 / self.linear.out_features

    def facts(self) -> dict[str, Any]:
        """That labels were used."""
        return {"labels": f"{self.linear.out_features} classes"}


METHOD = Supervised
