"""Video Cloze Procedure (VCP; Luo et al., AAAI 2020): say how the middle clip was changed.

Of three clips of a video, one after the other with gaps, the middle one is replaced by one of five
options: 0 the clip itself; 1 turned by 90, 180 or 270 degrees; 2 its quadrants in reverse order;
3 two of its four quarters in time swapped; 4 a clip from elsewhere in the video, at least a clip's
length away. A step encodes three clips (B, 3, T, S, S) of each video, one slot at a time, to
features (B, C); a linear layer on all three gives (B, 5) logits.

There is no official code. Options, head and views are those of a public re-implementation; its
spacing, by which neighbours overlap, is a slip and is not copied. It allows option 4 only with room
on both sides; here one side is enough. The label is uniform among the options that are possible,
so option 4 is rarer: the card has the mix, and its largest share as the chance level.

`protocol: own` has square crops, input in [0, 1], no flip, no colours, no normalisation.
`protocol: fame` has the scale's views, of square crops: another aspect would show the turns. Crops
and colours are drawn for each clip, so that they do not mark a clip from elsewhere.

Optimiser and epochs are the scale's, and so is the normalisation when the encoder is evaluated.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from fame.config.scale import Protocol
from fame.core.errors import FameError
from fame.core.schema import Model, Positive, Strength
from fame.data.clips.batch import Batch
from fame.data.clips.sampling import Draw, Labelled, clip_indices, window
from fame.pretext.common import Method, Setup
from fame.pretext.toolbox.draws.spaced import CLIPS, LENGTHS, Spaced, Trio
from fame.pretext.toolbox.losses.classify import classify
from fame.pretext.toolbox.protocols import by_protocol
from fame.pretext.toolbox.tally import Tally
from fame.pretext.toolbox.views.plain_views import plain_or
from fame.pretext.toolbox.views.rearranged import QUADRANTS, check_even, rearranged

OPTIONS = ("original", "turned", "quadrants", "shuffled", "remote")
_, TURNED, PERMUTED, SHUFFLED, REMOTE = range(5)
REMARKS = [
    "no official code exists: options and head follow a re-implementation, gaps the paper",
    "a remote clip needs room on one side only (inferred)",
    "optimiser, epochs and the normalisation of evaluation are the scale's",
]
CHUNKS = 4
PAIRS = tuple(combinations(range(CHUNKS), 2))


class Options(Model):
    """Options of both protocols; the examples are the published values.

    Attributes:
        protocol: `own` or `fame`.
        stride: native frames from one frame of a clip to the next, instead of the backbone's.
        gap: between clips, as a share of a clip's length; 0.5 are 8 of 16 frames.
    """

    protocol: Protocol
    stride: Annotated[Positive, Field(examples=[1])]
    gap: Annotated[Strength, Field(examples=[0.5])]


def swapped(frames: np.ndarray, first: int, second: int) -> np.ndarray:
    """A clip's frame numbers (T,) with two of its four quarters swapped."""
    chunks = np.split(frames, CHUNKS)
    chunks[first], chunks[second] = chunks[second], chunks[first]
    return np.concatenate(chunks)


def remote_starts(trio: Trio, n: int, span: int) -> list[range]:
    """Starts of a clip of `span` native frames, that far before and after three clips, if any."""
    sides = range(trio.first - 2 * span + 1), range(trio.end + span, n - span + 1)
    return [side for side in sides if len(side)]


@dataclass(frozen=True)
class Cloze:
    """Draws three clips and the middle one's option, as far as frame numbers can carry it out."""

    clips: Spaced

    def __call__(self, n: int, generator: np.random.Generator) -> Labelled:
        """Frame numbers (3, T); the option, the number of turns, how a short video was fitted."""
        trio = self.clips(n, generator)
        sides = remote_starts(trio, n, window(self.clips.frames, self.clips.stride))
        option = int(generator.integers(len(OPTIONS) if sides else REMOTE))
        turns = int(generator.integers(1, 4))
        frames = trio.frames
        if option == SHUFFLED:
            frames[1] = swapped(frames[1], *PAIRS[int(generator.integers(len(PAIRS)))])
        if option == REMOTE:
            side = sides[int(generator.integers(len(sides)))]
            start = int(generator.integers(side.start, side.stop))
            frames[1] = clip_indices(start, n, self.clips.frames, self.clips.stride)
        return Labelled(frames, np.array([option, turns, trio.length]))


class VCP(Method):
    """An encoder, and a linear layer on three clips' features that predicts the option."""

    clips = CLIPS

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.options = setup.read_options(Options, "vcp")
        size = setup.views.size
        check_even(size, "vcp")
        square, self.encoder = setup.views.with_settings(crop_aspect=(1.0, 1.0)), setup.encoder
        self.views = plain_or(square, self.options.protocol, setup.run.seed)
        dim = setup.encoder.feature_dim
        self.linear = setup.head(lambda: nn.Linear(CLIPS * dim, len(OPTIONS)))
        self.drawn = Tally(OPTIONS, setup.world)
        self.lengths = Tally(LENGTHS, setup.world)
        self.to(setup.world.device)

    def sampling(self, frames: int, stride: int) -> Draw:
        """Three clips at the recipe's stride, the middle one possibly changed.

        Raises:
            FameError: clips that cannot be cut into four equal parts.
        """
        if frames % CHUNKS:
            raise FameError(
                f"the method 'vcp' swaps quarters of a clip, and {frames} frames have none; make "
                "the backbone's frames a multiple of 4"
            )
        span = window(frames, self.options.stride)
        return Cloze(Spaced(frames, self.options.stride, round(self.options.gap * span)))

    def span(self, frames: int, stride: int) -> int:
        """Three clips without gaps."""
        return CLIPS * window(frames, self.options.stride)

    def chance(self, batch: int) -> float | None:
        """The share of the commonest option drawn so far; 1 / 5 before the first."""
        return self.drawn.largest() or 1 / len(OPTIONS)

    def facts(self) -> dict[str, Any]:
        """The protocol, the mixes of options and video lengths, and what no official code says."""
        return {
            "protocol": self.options.protocol,
            "label_mix": self.drawn.shares(),
            "video_lengths": self.lengths.shares(),
            "remarks": REMARKS,
        }

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Cross-entropy, and the share of videos whose option is predicted correctly."""
        labels, turns, lengths = batch.drawn.unbind(dim=1)
        clips = self.views(batch, step)
        change = torch.where(labels == TURNED, turns, QUADRANTS * (labels == PERMUTED))
        clips[1] = rearranged(clips[1], change)
        features = torch.cat([self.encoder(clip) for clip in clips], dim=1)
        loss, right = classify(self.linear(features), labels)
        self.drawn.add(labels)
        self.lengths.add(lengths)
        return loss, {"accuracy": right}


def vcp(setup: Setup) -> Method:
    """VCP in the protocol that the recipe's options name."""
    return by_protocol(setup, "vcp", {"own": VCP, "fame": VCP})


METHOD = vcp
