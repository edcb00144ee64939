"""VideoMoCo (Pan et al., CVPR 2021): MoCo whose queries lose frames and whose keys lose weight.

Query and key are two views of one clip. Two things are added to MoCo:

- A generator weighs the query's frames, and a quarter of them, those of lowest weight, are replaced
  by their mean value. It learns to drop those that change the query most, against the
  encoder: L_G = -weight * mean |q~ - q|, where q~ is the query with dropped frames, q without.
- Keys in the queue are multiplied by decay^age, so that old ones count less as negatives.

InfoNCE in one direction. The generator joins at a share of the epochs (`start`), half in the
paper.

One optimiser trains both. L_G is differentiated with respect to the weights of the frames alone,
and that gradient goes on into the generator, so that L_G does not train the encoder. The contrast
trains the encoder and, as in the release, reaches the generator too.

`protocol: own` has the release's stride, temperature, linear head, jitter without blur, and decay
for each step. `protocol: fame` has the scale's views, temperature and head, and the decay that
makes the oldest keys of a queue of any size count `oldest` times as much: 0.98 in the release's.
Frames, crops, queue, momentum and the learning rate of both networks are the scale's, for an
equal budget. The share of frames is the same if a clip has fewer than the release's 32.

Different from the release: flips and colours are drawn for each clip, where the release draws them
for each frame, surely by accident; short videos loop, where they have no clip there; ages are saved
in checkpoints, where the release forgets them. It does not have the code of the first half.
"""

from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from fame.core.schema import Model, Positive, PositiveFloat, Share, Strength
from fame.data.clips.batch import Batch
from fame.data.clips.sampling import Draw, RandomClips
from fame.pretext.common import Cost, Method, Setup
from fame.pretext.moco import MomentumContrast
from fame.pretext.toolbox.draws.repeated import Repeated
from fame.pretext.toolbox.heads.frame_weights import LEAST, FrameWeights, without_lowest
from fame.pretext.toolbox.losses.contrast import hits
from fame.pretext.toolbox.losses.one_way import only_through
from fame.pretext.toolbox.memory.aged_queue import AgedQueue, decay_of
from fame.pretext.toolbox.own_stride import OwnStride
from fame.pretext.toolbox.protocols import by_options, need_frames, need_size
from fame.pretext.toolbox.tally import Tally

USES = ("moco",)
NEGATIVES = "moco"
STRENGTHS = ("brightness", "contrast", "saturation", "hue")
OWN_VIEWS = {"jitter": 1.0, "gray": 0.2, "blur": 0.0, **dict.fromkeys(STRENGTHS, 0.4)}

REMARKS = [
    "before the generator joins, this is MoCo with ageing keys; the release lacks that part's code",
    "one optimiser for encoder and generator; flips and colours are of clips, not of frames",
    "that the queue's random start ages as if enqueued before the first step is inferred",
]
UNQUEUED = "negatives are the batch's own keys, all of one age: nothing decays"

Factor = Annotated[float, Field(gt=0, le=1)]


class Both(Model):
    """Options of both protocols; here and below the examples are the release's values.

    Attributes:
        drop: share of the frames that the generator drops.
        weight: of the generator's loss.
        start: share of the epochs after which the generator joins; 1 leaves it out.
    """

    drop: Annotated[float, Field(gt=0, lt=1, examples=[0.25])]
    weight: Annotated[Strength, Field(examples=[100])]
    start: Annotated[Share, Field(examples=[0.5])]


class LikeWithLike(Both):
    """Options of `protocol: fame`; `oldest` is the factor of the oldest keys of a full queue."""

    protocol: Literal["fame"]
    oldest: Annotated[Factor, Field(examples=[0.98])]


class AsReleased(Both):
    """Options of `protocol: own`.

    Attributes:
        decay: factor of a key for each step of its age.
        stride: native frames from one frame of a clip to the next, instead of the backbone's.
        temperature: of the InfoNCE loss, instead of the scale's.
    """

    protocol: Literal["own"]
    decay: Annotated[Factor, Field(examples=[0.99999])]
    stride: Annotated[Positive, Field(examples=[1])]
    temperature: Annotated[PositiveFloat, Field(examples=[0.07])]


class VideoMoCo(OwnStride, MomentumContrast):
    """Momentum contrast against a generator that drops frames, with ageing keys."""

    def __init__(self, setup: Setup, options: LikeWithLike | AsReleased) -> None:
        super().__init__(setup)
        self.options = options
        recipe, size, dim = setup.run.recipe, len(self.queue), self.settings.dim
        frames: int = recipe["backbone"]["frames"]
        side = setup.views.size
        need_frames("videomoco", 2, frames)
        need_size("videomoco", LEAST, side)
        if isinstance(options, AsReleased):
            width, decay = setup.encoder.feature_dim, options.decay
            self.replace_head(setup.head(lambda: nn.Linear(width, dim)))
            self.views = setup.views.with_settings(**OWN_VIEWS)
        else:
            decay = decay_of(options.oldest, recipe["pretrain"]["batch"], size)
        self.queue: AgedQueue = AgedQueue(size, dim, setup.run.seed, decay)
        self.count = max(1, round(options.drop * frames))
        self.first = options.start * recipe["pretrain"]["epochs"]
        self.generator = setup.head(lambda: FrameWeights(frames, side), "generator")
        self.drops = Tally([f"frame_{number}" for number in range(frames)], setup.world)
        self.to(setup.world.device)

    def sampling(self, frames: int, stride: int) -> Draw:
        """One clip, twice."""
        return Repeated(RandomClips(frames, self.own_stride(stride), 1), (0, 0))

    def cost(self) -> Cost:
        """With the generator the query is encoded once more, without gradient, as the key is."""
        return Cost(with_gradient=1, without_gradient=1 if self.options.start == 1 else 2)

    def facts(self) -> dict[str, Any]:
        """Protocol, negatives and their decay, and how often each frame was dropped."""
        queued = len(self.queue) > 0
        return {
            **super().facts(),
            "protocol": self.options.protocol,
            "decay_per_step": self.queue.decay if queued else None,
            "generator_from_epoch": self.first,
            "dropped_frames": self.drops.shares(),
            "remarks": REMARKS if queued else [*REMARKS, UNQUEUED],
        }

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The cross-entropy, and the share of right contrasts.

        From the generator's first epoch on, the loss has a further term of value 0 that trains it.
        """
        self.follow()
        view, other = self.views(batch, step)
        against, more = view.new_zeros(()), dict[str, Tensor]()
        if int(batch.epochs[0]) < self.first:
            query = self.query(view)
        else:
            query, against, more = self.dropped(view)
        keys = self.keys(other, step, 1)
        logits, targets = self.logits(query, keys)
        self.queue.enqueue(keys)
        right = hits(logits, targets)
        scalars = {"contrast": right, "accuracy": right, **more}
        return cross_entropy(logits, targets) + against, scalars

    def dropped(self, view: Tensor) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Queries without the dropped frames, the generator's term, and how far they moved."""
        weights = self.generator(view)
        clips, dropped = without_lowest(view, weights, self.count)
        query = self.query(clips)
        with torch.no_grad():
            whole = self.query(view)
        moved = (query - whole).abs().mean()
        self.drops.add(dropped.flatten())
        return query, only_through(-self.options.weight * moved, weights), {"moved": moved}


def videomoco(setup: Setup) -> Method:
    """VideoMoCo in the protocol that the recipe's options name."""
    return by_options(setup, "videomoco", VideoMoCo, {"own": AsReleased, "fame": LikeWithLike})


METHOD = videomoco
