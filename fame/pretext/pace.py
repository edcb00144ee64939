"""Pace Prediction (Wang, Jiao & Liu, ECCV 2020, https://arxiv.org/abs/2008.05861).

A clip is played at one of several paces, and the network predicts which. The pace is the stride:
native frames from one frame of the clip to the next, whatever the backbone's stride.

At every pace, starts are drawn from the range in which even the fastest clip fits. In the release
any start is possible, and a clip that runs past the end continues from the first frame. Such a cut
is more likely at a faster pace, so detecting cuts is a shortcut. Here a video loops only if it is
shorter than the fastest clip.

Omitted: the contrastive term, which was never released, and colour jitter drawn separately for each
frame. Views and optimiser are the scale's, for an equal budget.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from fame.core.errors import FameError
from fame.core.schema import Model, Positive
from fame.data.clips.batch import Batch
from fame.data.clips.sampling import Draw, clip_indices, number_of_starts
from fame.pretext.common import Method, Setup
from fame.pretext.toolbox.contrast import hits


class Options(Model):
    """Options of a recipe: `options: {paces: [1, 2, 3, 4]}` in the paper."""

    paces: Annotated[tuple[Positive, ...], Field(min_length=2, examples=[[1, 2, 3, 4]])]


@dataclass(frozen=True)
class OnePace:
    """Draw one clip of a video at one of `paces`, all equally likely."""

    frames: int
    paces: Sequence[int]

    def __call__(self, n: int, generator: np.random.Generator) -> np.ndarray:
        """Frame numbers (1, frames) int64 in a video of `n` frames."""
        if n <= max(self.paces):
            raise FameError(f"a video of {n} frames has no pace of {max(self.paces)}; remove it")
        start = int(generator.integers(number_of_starts(n, self.frames, max(self.paces))))
        pace = int(generator.choice(self.paces))
        return clip_indices(start, n, self.frames, pace)[None]


def labels_of(frames: Tensor, paces: Sequence[int]) -> Tensor:
    """The pace of each clip: frame numbers (B, T) -> (B,) int64, indices into `paces`.

    Frame numbers increase by the pace, except where a short video loops, where they decrease.
    """
    pace = frames.diff(dim=1).amax(dim=1, keepdim=True)
    return (pace == torch.tensor(paces, device=frames.device)).int().argmax(dim=1)


class Pace(Method):
    """An encoder, and one linear layer that predicts the pace."""

    clips = 1

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        setup.refuse_merge("pace")
        self.paces = setup.read_options(Options, "pace").paces
        self.views, self.encoder = setup.views, setup.encoder
        self.linear = setup.head(lambda: nn.Linear(setup.encoder.feature_dim, len(self.paces)))

    def sampling(self, frames: int, stride: int) -> Draw:
        """One clip at one of the paces."""
        return OnePace(frames, self.paces)

    def chance(self, batch: int) -> float | None:
        """1 / the number of paces."""
        return 1 / len(self.paces)

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Cross-entropy, and the share of clips whose pace is predicted correctly."""
        (clips,) = self.views(batch, step)
        labels = labels_of(batch.frames[:, 0], self.paces)
        logits = self.linear(self.encoder(clips)).float()
        return cross_entropy(logits, labels), {"accuracy": hits(logits, labels)}


METHOD = Pace
