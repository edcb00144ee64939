"""Pace Prediction (Wang, Jiao & Liu, ECCV 2020, https://arxiv.org/abs/2008.05861).

A clip is played at one of several paces, and the network predicts which. The pace is the stride:
native frames from one frame of the clip to the next, whatever the backbone's stride. Views
(B, 3, T, S, S) go through the encoder and one linear layer to (B, paces) logits. Grey, jitter and
blur are drawn anew for each frame, as released, so that colours do not show how close frames are.

`protocol: own` draws clips as released: any frame is a start, and a clip that runs past the end
goes on from the first frame. Such a cut is more likely at a faster pace, so a network that sees
cuts only is right in 34 % of clips of 120-frame videos. `protocol: fame` draws starts at every pace
from the range in which even the fastest clip fits; only shorter videos loop, at all paces alike.

Left out: the paper's contrastive term (weight 0.1 as recalled), since neither its code, temperature
nor projection was published; numbers in the paper include it. The release feeds BGR in 0..255
without normalisation; here input, colours, epochs and optimiser are the scale's, for an equal
budget.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from fame.config.scale import Protocol
from fame.core.errors import FameError
from fame.core.schema import Model, Positive
from fame.data.clips.batch import Batch
from fame.data.clips.sampling import Draw, Labelled, clip_indices, number_of_starts, window
from fame.pretext.common import Method, Setup
from fame.pretext.toolbox.draws.rates import restarting
from fame.pretext.toolbox.losses.contrast import hits
from fame.pretext.toolbox.losses.wide import wide
from fame.pretext.toolbox.protocols import by_protocol, need_frames


class Options(Model):
    """Options of both protocols; the paper's paces are 1 to 4.

    Attributes:
        protocol: how clips are drawn.
        paces: the strides, in native frames.
    """

    protocol: Protocol
    paces: Annotated[tuple[Positive, ...], Field(min_length=2, examples=[[1, 2, 3, 4]])]


@dataclass(frozen=True)
class OnePace:
    """Draw one clip of a video at one of `paces`, all equally likely; its place is the label.

    The start says nothing of the pace. A video shorter than the fastest clip loops.
    """

    frames: int
    paces: Sequence[int]

    def __call__(self, n: int, generator: np.random.Generator) -> Labelled:
        """Frame numbers (1, frames) in a video of `n` frames, and the label (1,)."""
        if n <= max(self.paces):
            raise FameError(f"a video of {n} frames has no pace of {max(self.paces)}; remove it")
        start = int(generator.integers(self.starts(n)))
        label = int(generator.integers(len(self.paces)))
        return Labelled(self.clip(start, n, self.paces[label])[None], np.array([label]))

    def starts(self, n: int) -> int:
        """The number of starts, the same for every pace."""
        return number_of_starts(n, self.frames, max(self.paces))

    def clip(self, start: int, n: int, pace: int) -> np.ndarray:
        """Frame numbers (frames,) of a clip."""
        return clip_indices(start, n, self.frames, pace)


class OnePaceAsReleased(OnePace):
    """The same, but any frame is a start, and clips restart at the video's first frame."""

    def starts(self, n: int) -> int:
        """All frames."""
        return n

    def clip(self, start: int, n: int, pace: int) -> np.ndarray:
        """Frame numbers (frames,) of a clip."""
        return restarting(start, n, self.frames, pace)


DRAWS = {"own": OnePaceAsReleased, "fame": OnePace}
REMARKS = {
    "own": ["clips run past the end of a video and restart, more often at faster paces"],
    "fame": [],
}


class Pace(Method):
    """An encoder, and one linear layer that predicts the pace."""

    clips = 1

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.options = setup.read_options(Options, "pace")
        self.views, self.encoder = setup.views.colouring_frames(), setup.encoder
        self.linear = setup.head(
            lambda: nn.Linear(setup.encoder.feature_dim, len(self.options.paces))
        )

    def sampling(self, frames: int, stride: int) -> Draw:
        """One clip at one of the paces."""
        need_frames("pace", 2, frames)
        return DRAWS[self.options.protocol](frames, self.options.paces)

    def span(self, frames: int, stride: int) -> int:
        """The window of the fastest clip."""
        return window(frames, max(self.options.paces))

    def chance(self, batch: int) -> float | None:
        """1 / the number of paces."""
        return 1 / len(self.options.paces)

    def facts(self) -> dict[str, Any]:
        """The protocol, and what differs from the paper."""
        protocol = self.options.protocol
        left_out = "without the paper's contrastive term, which was never released"
        return {"protocol": protocol, "remarks": [left_out, *REMARKS[protocol]]}

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Cross-entropy, and the share of clips whose pace is predicted correctly."""
        (clips,) = self.views(batch, step)
        labels = batch.drawn[:, 0]
        logits = wide(self.linear(self.encoder(clips)))
        return cross_entropy(logits, labels), {"accuracy": hits(logits, labels)}


def pace(setup: Setup) -> Method:
    """Pace Prediction in the protocol that the recipe's options name."""
    return by_protocol(setup, "pace", {"own": Pace, "fame": Pace})


METHOD = pace
