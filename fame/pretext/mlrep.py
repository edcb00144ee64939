"""MLRep (Qian et al., ICCV 2021): contrast at three depths of one network, guided from the top.

Of one stretch of video, at a random real rate, clips A and B are its halves and C is every second
frame of both. A step encodes (3 B, 3, T, S, S), the clips of a video side by side, to the maps of
the last three stages. The last, averaged over space, is the high level; to the others, mid and low,
a copy reversed in time is added, and a block that amplifies motion precedes the average. Each level
has three heads of its own (`main`, `fine`, `graph`), from its channels to D for each moment.

- Contrast (`main`, averaged over time): A and B among all clips of other videos. At mid and low the
  reversed copies of the own video are negatives too, so that these levels tell directions apart.
- Time (`fine`): the moments of A and B, at half their rate, find those of C.
- Prototypes (high): A and B predict each other's code over K prototypes; Sinkhorn makes codes that
  use all prototypes, from the batch and, once there are enough, a bank of earlier scores.
- Graph (`graph`; later in training): videos that are alike at the high level, and have the same
  code, are to be alike at all levels.

Weights are 1, 0.5 and 0.3 for high, mid and low, and 0.5 for the prototypes.

`protocol: own` has the released temperature, sizes, bank and graph, and its crops and colours, the
latter drawn for each frame. `protocol: fame` has the scale's temperature, vectors, queue and views.
The release has a fixed threshold of 0.05 in a batch of 256; here it grows as the batch shrinks.

Different from the release: videos shorter than the stretch loop, where a list leaves them out; grey
is a luminance, not a random channel; gradients flow between processes; optimiser and epochs are the
scale's.
"""

from functools import partial
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from fame.config.methods import MoCo as Settings
from fame.core.schema import Model, Positive, PositiveFloat, Share
from fame.data.clips.batch import Batch
from fame.data.clips.sampling import Draw
from fame.models.encoder import fast_layout
from fame.pretext.common import Method, Setup
from fame.pretext.toolbox.draws.stretch import CLIPS, Stretch
from fame.pretext.toolbox.heads.level import Level, Seen, level_errors
from fame.pretext.toolbox.heads.prototypes import Prototypes, swapped
from fame.pretext.toolbox.heads.stage_shapes import stage_shapes
from fame.pretext.toolbox.losses.contrast import own_rows
from fame.pretext.toolbox.losses.likeness import likeness
from fame.pretext.toolbox.memory.codes import Codes
from fame.pretext.toolbox.protocols import by_options
from fame.pretext.toolbox.views.slots import interleaved

USES = ("moco",)

WEIGHTS = (1.0, 0.5, 0.3)
"""Of the high, mid and low level."""
PROTOTYPES, SHARPNESS, EPSILON, ROUNDS = 0.5, 0.1, 0.05, 3
"""The prototypes' weight and temperature, and Sinkhorn's settings."""
BANK_FROM = 0.1
"""Share of the epochs from which codes also come from earlier scores."""
VIEWS = {"crop_scale": (0.5, 1.0), "crop_aspect": (3 / 4, 4 / 3), "flip": 0.5, "blur": 0.0}
COLOURS = {"gray": 0.5, "jitter": 1.0, "brightness": 0.5, "contrast": 0.5, "saturation": 0.5}
COLOURS |= {"hue": 0.25}
"""Of the release."""
FRAMES = 16
"""With which the stages' channels are found; they do not depend on it."""
REMARKS = [
    "videos shorter than the stretch loop; the release leaves them out",
    "where the last map has one moment, as of 8 frames, time is not matched at the high level",
    "own: grey is a luminance; fame: the graph's threshold of 0.05 at a batch of 256 is scaled to "
    "12.8 / batch, at most 0.5 (inferred)",
    "optimiser, epochs and the normalisation of evaluation are the scale's",
]


class LikeWithLike(Model):
    """Options of `protocol: fame`.

    Attributes:
        fastest: the largest rate, in native frames from one frame to the next.
        prototypes: their number.
        graph_from: share of the epochs after which the graph's loss begins.
    """

    protocol: Literal["fame"]
    fastest: Annotated[float, Field(ge=1, examples=[3.0])]
    prototypes: Annotated[Positive, Field(examples=[1000])]
    graph_from: Annotated[Share, Field(examples=[0.2])]


class AsReleased(LikeWithLike):
    """Options of `protocol: own`; the examples are the release's values.

    Attributes:
        temperature: of all contrasts, instead of the scale's.
        dim: of the vectors, instead of the scale's.
        hidden: width of the prototypes' head, instead of the encoder's.
        bank: number of earlier scores, instead of the scale's queue.
        graph_mean: the graph's loss is a mean over `rows`, or, as released, over all pairs.
    """

    protocol: Literal["own"]  # type: ignore[assignment]
    temperature: Annotated[PositiveFloat, Field(examples=[0.07])]
    dim: Annotated[Positive, Field(examples=[128])]
    hidden: Annotated[Positive, Field(examples=[512])]
    bank: Annotated[int, Field(ge=0, examples=[1024])]
    graph_mean: Annotated[Literal["rows", "released"], Field(examples=["released"])]


class MLRep(Method):
    """An encoder with heads on three stages, prototypes, and a bank of their scores."""

    clips = CLIPS

    def __init__(self, setup: Setup, options: LikeWithLike) -> None:
        super().__init__(setup)
        assert setup.run.pretrain is not None
        self.options, self.encoder = options, setup.encoder
        self.views, self._world = setup.views, setup.world
        self._epochs = int(setup.run.recipe["pretrain"]["epochs"])
        moco, width = setup.section("moco", Settings), setup.encoder.feature_dim
        self._temperature, dim = moco.temperature, moco.dim
        hidden, bank = width, moco.queue[setup.run.pretrain]
        if isinstance(options, AsReleased):
            self.views = setup.views.with_settings(**VIEWS, **COLOURS).colouring_frames()
            dim, hidden, bank = options.dim, options.hidden, options.bank
        shapes = stage_shapes(setup.encoder, FRAMES, setup.views.size)
        low, mid, high = (
            setup.head(partial(Level, shape[0], dim, number < 2), f"level {number}")
            for number, shape in enumerate(shapes[-3:])
        )
        self.levels = nn.ModuleList([high, mid, low])
        count = options.prototypes
        self.prototypes = setup.head(lambda: Prototypes(width, hidden, dim, count), "prototypes")
        self.codes = Codes(bank, count, setup.world)
        self.to(setup.world.device)

    def sampling(self, frames: int, stride: int) -> Draw:
        """Two halves of a stretch, and an overview."""
        return Stretch(frames, self.options.fastest)

    def span(self, frames: int, stride: int) -> int:
        """A stretch at rate 1."""
        return 2 * frames

    def chance(self, batch: int) -> float | None:
        """1 / both clips of all videos but the clip itself, of the contrast at the high level."""
        return 1 / (2 * batch - 1)

    def facts(self) -> dict[str, Any]:
        """The protocol, the kind of negatives, and what is not of the release."""
        return {"protocol": self.options.protocol, "negatives": "in-batch", "remarks": REMARKS}

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """All losses' sum; the share of right contrasts, and that of the prototypes in use."""
        epoch = int(batch.epochs[0])
        stages = self.encoder.stages(fast_layout(interleaved(self.views(batch, step))))
        maps = zip(self.levels, reversed(stages), strict=False)
        seen: list[Seen] = [level(one, CLIPS) for level, one in maps]
        pooled = stages[-1].mean(dim=(2, 3, 4)).unflatten(0, (-1, CLIPS))
        pair = pooled[:, :2].flatten(0, 1)  # C meets no prototypes
        scores = self.prototypes(pair, still=epoch == 0).unflatten(0, (-1, 2))
        with torch.autocast(pair.device.type, enabled=False):
            videos, banked = batch.indices.to(pair.device), epoch >= BANK_FROM * self._epochs
            codes = self.codes(scores, videos, banked, EPSILON, ROUNDS)
            mine = codes[own_rows(self._world, len(scores))]
            loss = PROTOTYPES * swapped(scores.unbind(1), mine.unbind(1), SHARPNESS)
            late = epoch >= self.options.graph_from * self._epochs
            hard = codes.sum(dim=1).argmax(dim=1)
            graph = self._graph(seen[0], hard) if late else None
            errors, right = zip(*(self.errors(one, graph) for one in seen), strict=True)
        loss = loss + sum(weight * error for weight, error in zip(WEIGHTS, errors, strict=True))
        used = torch.zeros_like(codes[0, 0]).index_fill(0, hard, 1.0).mean()
        return loss, {"contrast": right[0], "accuracy": right[0], "codes": used}

    def _graph(self, top: Seen, hard: Tensor) -> Tensor:
        """The graph of the global batch, (N, N)."""
        threshold = 0.05
        if self.options.protocol == "fame":
            threshold = min(0.5, 12.8 / len(hard))
        first, second = self._world.gather(top.main[:, :2, 0]).unbind(1)
        return likeness(first, second, hard, threshold, self._temperature)

    def errors(self, seen: Seen, graph: Tensor | None) -> tuple[Tensor, Tensor]:
        """A level's losses, summed, and its share of right contrasts."""
        released = isinstance(self.options, AsReleased) and self.options.graph_mean == "released"
        return level_errors(self._world, seen, graph, self._temperature, released)


def mlrep(setup: Setup) -> Method:
    """MLRep in the protocol that the recipe's options name."""
    return by_options(setup, "mlrep", MLRep, {"own": AsReleased, "fame": LikeWithLike})


METHOD = mlrep
