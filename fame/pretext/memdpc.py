"""MemDPC (Han et al., ECCV 2020): predict the next blocks of a video as mixtures from a memory.

A clip (B, 3, T, S, S) is cut in time into N blocks of `length` frames, each encoded to a signed map
(B, N, C, h, w), the mean over what is left of time. A ConvGRU reads the positive parts of the first
N - P; a predictor turns its state into weights over `slots` learned vectors, whose mixture is the
predicted map of the next block. The GRU reads that, and so on for P blocks. A second GRU, with the
same predictor and memory, does so in the other direction.

The loss of a direction is a cross-entropy over all places of all predicted blocks in the batch: the
dot products, as they are, of a predicted vector with all true ones. Targets pass gradients. Both
directions are added. The encoder alone is handed on.

`protocol: own` has the release's stride, colours drawn anew for each frame, and the encoder's map
before its last ReLU, as R-2D3D was made for. `protocol: fame` has our stride and views, and a
1 x 1 x 1 convolution with bias on the last map, as the re-implementation in CtP has it, so that any
encoder serves. Batch, epochs, optimiser, crops and normalisation are the scale's, for an equal
budget. `REMARKS` says what is not of the release. Its second network on optical flow is left out.
"""

from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from fame.core.schema import Model, Positive, PositiveFloat
from fame.data.clips.batch import Batch
from fame.data.clips.sampling import Draw, RandomClips
from fame.models.encoder import fast_layout
from fame.pretext.common import Method, Setup
from fame.pretext.toolbox.heads.blocks import blocks_of, continued, in_blocks
from fame.pretext.toolbox.heads.conv_gru import ConvGRU
from fame.pretext.toolbox.heads.memory import Memory
from fame.pretext.toolbox.heads.stage_shapes import stage_shapes
from fame.pretext.toolbox.keyed import kept
from fame.pretext.toolbox.losses.contrast import hits
from fame.pretext.toolbox.losses.dense import dense_scores, hits_at_place
from fame.pretext.toolbox.losses.together import together
from fame.pretext.toolbox.losses.wide import wide
from fame.pretext.toolbox.own_stride import OwnStride
from fame.pretext.toolbox.protocols import by_options

DIRECTIONS = 2
STRENGTHS = ("brightness", "contrast", "saturation")
OWN_VIEWS = {"gray": 0.25, "jitter": 1.0, "hue": 0.25, "blur": 0.0, **dict.fromkeys(STRENGTHS, 0.5)}

REMARKS = [
    "accuracy and chance are of finding a block among those of the batch at the same place; "
    "`contrast` is of finding block and place",
    "negatives are of the whole batch, where the release has those of one GPU",
    "SGD for Adam; short videos loop, where the release leaves them out; grey is luminance, there "
    "a random channel",
]


class Both(Model):
    """Options of both protocols; here and below the examples are the release's values.

    Attributes:
        length: frames of a block; the backbone's clip is cut into as many as it has.
        predicted: blocks that each direction predicts; the others are read first.
        slots: vectors of the memory.
        dropout: of the GRUs' states.
        gain: of the initial weights of GRUs and predictor.
    """

    length: Annotated[Positive, Field(examples=[5])]
    predicted: Annotated[Positive, Field(examples=[3])]
    slots: Annotated[Positive, Field(examples=[1024])]
    dropout: Annotated[float, Field(ge=0, lt=1, examples=[0.1])]
    gain: Annotated[PositiveFloat, Field(examples=[0.1])]


class LikeWithLike(Both):
    """Options of `protocol: fame`; `channels` are those of the maps that are predicted."""

    protocol: Literal["fame"]
    channels: Annotated[Positive, Field(examples=[256])]


class AsReleased(Both):
    """Options of `protocol: own`; `stride` replaces the backbone's."""

    protocol: Literal["own"]
    stride: Annotated[Positive, Field(examples=[3])]


class MemDPC(OwnStride, Method):
    """An encoder, a GRU for each direction, and one memory."""

    clips = 1

    def __init__(self, setup: Setup, options: LikeWithLike | AsReleased) -> None:
        super().__init__(setup)
        self.options, self.encoder = options, setup.encoder
        self._world, self._seed = setup.world, setup.run.seed
        frames: int = setup.run.recipe["backbone"]["frames"]
        self.blocks = blocks_of("memdpc", frames, options.length, options.predicted)
        channels, *_ = stage_shapes(setup.encoder, options.length, setup.views.size)[-1]
        self.views = setup.views
        self.project: nn.Conv3d | None = None
        if isinstance(options, LikeWithLike):
            width, channels = channels, options.channels
            self.project = setup.head(lambda: nn.Conv3d(width, channels, 1), "map")
        else:
            self.views = setup.views.with_settings(**OWN_VIEWS).colouring_frames()
        self.ahead = setup.head(lambda: ConvGRU(channels, options.gain), "ahead")
        self.back = setup.head(lambda: ConvGRU(channels, options.gain), "back")
        self.memory = setup.head(lambda: Memory(channels, options.slots, options.gain), "memory")
        self.to(setup.world.device)

    def sampling(self, frames: int, stride: int) -> Draw:
        """One clip, at the release's stride under `own`."""
        return RandomClips(frames, self.own_stride(stride), self.clips)

    def chance(self, batch: int) -> float | None:
        """1 / the predicted blocks of the batch."""
        return 1 / (batch * self.options.predicted)

    def facts(self) -> dict[str, Any]:
        """The protocol, the blocks, the kind of negatives, and what is not of the release."""
        return {
            "protocol": self.options.protocol,
            "blocks": self.blocks,
            "negatives": "in-batch",
            "remarks": REMARKS,
        }

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The sum over directions; shares of vectors that find block and place, or the block."""
        (clips,) = self.views(batch, step)
        maps = self._maps(clips)
        keep = self._keep(batch, maps)
        ways = (
            self._direction(self.ahead, maps, keep[:, 0]),
            self._direction(self.back, maps.flip(1), keep[:, 1]),
        )
        losses, found, right = (torch.stack(column) for column in zip(*ways, strict=True))
        scalars = {"contrast": found.mean(), "accuracy": right.mean()}
        return losses.sum(), scalars

    def _maps(self, clips: Tensor) -> Tensor:
        """Clips (B, 3, T, S, S) to signed maps of their blocks, (B, N, C, h, w)."""
        parts = in_blocks(clips, self.blocks)
        return torch.stack([self._map(fast_layout(part)) for part in parts], dim=1)

    def _map(self, part: Tensor) -> Tensor:
        """A block (B, 3, L, S, S) to its signed map (B, C, h, w)."""
        if self.project is None:
            return wide(self.encoder.signed(part)).mean(dim=2)
        return wide(self.project(self.encoder.maps(part))).mean(dim=2)

    def _keep(self, batch: Batch, maps: Tensor) -> Tensor:
        """Factors of dropout for each step of each direction, (B, 2, N - 1, C, h, w)."""
        shape = (DIRECTIONS, self.blocks - 1, *maps.shape[2:])
        if not self.training or self.options.dropout == 0:
            return maps.new_ones(len(maps), *shape)
        width = DIRECTIONS * (self.blocks - 1) * maps[0, 0].numel()
        return kept(self._seed, batch, width, self.options.dropout).to(maps).unflatten(1, shape)

    def _direction(self, gru: ConvGRU, maps: Tensor, keep: Tensor) -> tuple[Tensor, ...]:
        """Loss, and both shares of hits, for maps in the order in which they are read."""
        count = self.options.predicted
        predicted = together(self._world, wide(continued(gru, self.memory, maps, keep, count)))
        true = together(self._world, maps[:, -count:])
        scores, targets = dense_scores(predicted, true)
        held, places = scores.detach(), maps[0, 0, 0].numel()
        return cross_entropy(scores, targets), hits(held, targets), hits_at_place(held, places)


def memdpc(setup: Setup) -> Method:
    """MemDPC in the protocol that the recipe's options name."""
    return by_options(setup, "memdpc", MemDPC, {"own": AsReleased, "fame": LikeWithLike})


METHOD = memdpc
