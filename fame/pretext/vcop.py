"""Video Clip Order Prediction (VCOP; Xu et al., CVPR 2019): predict the order of shuffled clips.

Three clips of a video, one after the other with gaps, are shuffled; the network predicts which of
the six orders they are in. A step encodes three clips (B, 3, T, S, S) of each video, one slot at a
time as in the release, to features (B, C). One layer, shared by the three pairs of features,
gives (B, C) each; dropout and a linear layer on all pairs give (B, 6) logits.

The label is the lexicographic rank of the list of original numbers, slot by slot (not of its
inverse): 012, 021, 102, 120, 201, 210.

`protocol: own` has the release's views: a square crop for each clip, input in [0, 1], no flip, no
colours, no normalisation. `protocol: fame` has the scale's views, drawn for each clip.

Different from the release: videos too short for the gaps have smaller ones or loop, where a list
leaves them out; the square crop is not taken from a squeezed copy of the frame; dropout is keyed;
optimiser and epochs are the scale's, and so is the normalisation when the encoder is evaluated.
"""

from dataclasses import dataclass
from itertools import permutations
from typing import Annotated, Any

import numpy as np
from pydantic import Field
from torch import Tensor

from fame.config.scale import Protocol
from fame.core.schema import Model, Positive, Strength
from fame.data.clips.batch import Batch
from fame.data.clips.sampling import Draw, Labelled, window
from fame.pretext.common import Method, Setup
from fame.pretext.toolbox.draws.spaced import CLIPS, LENGTHS, Spaced
from fame.pretext.toolbox.heads.order_head import OrderHead
from fame.pretext.toolbox.keyed import kept
from fame.pretext.toolbox.losses.classify import classify
from fame.pretext.toolbox.protocols import by_protocol
from fame.pretext.toolbox.tally import Tally
from fame.pretext.toolbox.views.plain_views import plain_or

ORDERS = tuple(permutations(range(CLIPS)))
"""The orders, by label: the original number of the clip in each slot."""


REMARKS = [
    "videos too short for the gaps have smaller ones, then loop; the release leaves them out",
    "optimiser, epochs and the normalisation of evaluation are the scale's",
]


class Options(Model):
    """Options of both protocols; the examples are the release's values.

    Attributes:
        protocol: `own` or `fame`.
        stride: native frames from one frame of a clip to the next, instead of the backbone's.
        gap: between clips, as a share of a clip's length; 0.5 are 8 of 16 frames.
        dropout: share of the pairs' outputs that the last layer does not see.
    """

    protocol: Protocol
    stride: Annotated[Positive, Field(examples=[1])]
    gap: Annotated[Strength, Field(examples=[0.5])]
    dropout: Annotated[float, Field(ge=0, lt=1, examples=[0.5])]


@dataclass(frozen=True)
class Shuffled:
    """Draws three clips in one of six orders, all equally likely."""

    clips: Spaced

    def __call__(self, n: int, generator: np.random.Generator) -> Labelled:
        """Frame numbers (3, T), the order's label, and how a short video was fitted."""
        trio = self.clips(n, generator)
        label = int(generator.integers(len(ORDERS)))
        return Labelled(trio.frames[list(ORDERS[label])], np.array([label, trio.length]))


class VCOP(Method):
    """An encoder, and a head on pairs of features that predicts the order."""

    clips = CLIPS

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.options = setup.read_options(Options, "vcop")
        self.encoder, self._seed = setup.encoder, setup.run.seed
        self.views = plain_or(setup.views, self.options.protocol, self._seed)
        dim = setup.encoder.feature_dim
        self.head = setup.head(lambda: OrderHead(dim, CLIPS, len(ORDERS)))
        self.lengths = Tally(LENGTHS, setup.world)
        self.to(setup.world.device)

    def sampling(self, frames: int, stride: int) -> Draw:
        """Three clips at the recipe's stride, shuffled."""
        span = window(frames, self.options.stride)
        return Shuffled(Spaced(frames, self.options.stride, round(self.options.gap * span)))

    def span(self, frames: int, stride: int) -> int:
        """Three clips without gaps."""
        return CLIPS * window(frames, self.options.stride)

    def chance(self, batch: int) -> float | None:
        """1 / the number of orders."""
        return 1 / len(ORDERS)

    def facts(self) -> dict[str, Any]:
        """The protocol, how short videos were fitted, and what is not of the release."""
        return {
            "protocol": self.options.protocol,
            "video_lengths": self.lengths.shares(),
            "remarks": REMARKS,
        }

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Cross-entropy, and the share of videos whose order is predicted correctly."""
        labels, lengths = batch.drawn.unbind(dim=1)
        features = [self.encoder(clips) for clips in self.views(batch, step)]
        keep = kept(self._seed, batch, self.head.width, self.options.dropout)
        loss, right = classify(self.head(features, keep.to(features[0])), labels)
        self.lengths.add(lengths)
        return loss, {"accuracy": right}


def vcop(setup: Setup) -> Method:
    """VCOP in the protocol that the recipe's options name."""
    return by_protocol(setup, "vcop", {"own": VCOP, "fame": VCOP})


METHOD = vcop
