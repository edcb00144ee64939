"""RSPNet (Chen et al., AAAI 2021, https://arxiv.org/abs/2011.07949).

Two tasks on three clips of a video: q and k from two windows at one speed, and k' from the window
of k at the other speed, with the crop, flip and colours of k.

- Relative speed (RSP): q is more like k than like k', by a margin of the cosine.
- Appearance (A-VID): q is like k, and like k', and unlike other videos, whatever the speed.

The encoder's pooled feature goes through two projections (B, dim) of unit vectors, one for each
task. k and k' come from a momentum encoder without gradient; the appearance vectors of k' are
enqueued after the step. At each step a keyed half of the global batch has q and k at single speed,
the rest at double speed. A batch has four clips (B, 4, 3, T, H, W), both windows at both speeds;
views are made of the three that are needed.

`protocol: own` has the release's windows, temperature, margin and linear projections.
`protocol: fame` has the scale's temperature and projections, and the same margin of the cosine. Its
windows do not overlap where the video has room: else clips of one speed share more frames, and
matching these needs no speed. The stride at single speed is an option, since double speed at the
backbone's stride would be too long for many videos. Crops, colours, queue, momentum and optimiser
are the scale's in both, for an equal budget. Left out: sets of speeds other than 1 and 2, which are
options of the release.
"""

import copy
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from fame.core.randomness import generator as keyed
from fame.core.schema import Model, Positive, PositiveFloat
from fame.data.clips.batch import Batch
from fame.data.clips.sampling import Draw, window
from fame.models.heads import projection
from fame.pretext.common import Cost, Method, Setup
from fame.pretext.moco import MomentumContrast, Network
from fame.pretext.toolbox.draws.speeds import SPEEDS, TwoWindows, three_clips
from fame.pretext.toolbox.losses.contrast import hits, own_rows
from fame.pretext.toolbox.losses.ranking import ranked, ranking
from fame.pretext.toolbox.losses.wide import wide
from fame.pretext.toolbox.protocols import by_options, need_frames

USES = ("moco",)
NEGATIVES = "moco"

Margin = Annotated[PositiveFloat, Field(examples=[0.14])]
Stride = Annotated[Positive, Field(examples=[1])]


class LikeWithLike(Model):
    """Options of `protocol: fame`.

    Attributes:
        margin: by which the cosine of q and k must exceed that of q and k'. In the release it is 2
            after division by the temperature of 0.07.
        stride: native frames from one frame of a clip at single speed to the next.
    """

    protocol: Literal["fame"]
    margin: Margin
    stride: Stride


class AsReleased(Model):
    """Options of `protocol: own`; the examples are the release's values.

    Attributes:
        margin, stride: as above.
        temperature: of both losses, instead of the scale's.
    """

    protocol: Literal["own"]
    margin: Margin
    stride: Stride
    temperature: Annotated[PositiveFloat, Field(examples=[0.07])]


class TwoHeads(Network):
    """Clips (B, 3, T, H, W) to unit vectors for appearance and for speed, side by side (B, 2 D)."""

    def forward(self, clips: Tensor) -> Tensor:
        """Project twice and L2-normalise each."""
        feature = self.encoder(clips)
        parts = [wide(head(feature)) for head in self.head.children()]
        return torch.cat([normalize(part, dim=1) for part in parts], dim=1)


class RSPNet(MomentumContrast):
    """Query and key networks with two heads each, and a queue of appearance vectors."""

    clips = 4

    def __init__(self, setup: Setup, options: LikeWithLike | AsReleased) -> None:
        super().__init__(setup)
        self.options = options
        width, settings = setup.encoder.feature_dim, self.settings

        def head() -> nn.Module:
            if options.protocol == "own":
                return nn.Linear(width, settings.dim)
            return projection(width, settings.dim, settings.head)

        heads = nn.ModuleList(setup.head(head, purpose) for purpose in ("appearance", "speed"))
        self.query = TwoHeads(setup.encoder, heads)
        self.key = copy.deepcopy(self.query).requires_grad_(False)
        self.views = setup.views.sharing(crops=(0, 1, 1), colours=(0, 1, 1))
        self.to(setup.world.device)

    def sampling(self, frames: int, stride: int) -> Draw:
        """Two windows at both speeds."""
        need_frames("rspnet", 2, frames)
        return TwoWindows(frames, self.options.stride, apart=self.options.protocol == "fame")

    def span(self, frames: int, stride: int) -> int:
        """A window, as long as a clip at double speed."""
        return window(frames, max(SPEEDS) * self.options.stride)

    def chance(self, batch: int) -> float | None:
        """A half: of the ranking, which is this method's accuracy."""
        return 0.5

    def cost(self) -> Cost:
        """The query with gradient, both keys without."""
        return Cost(with_gradient=1, without_gradient=2)

    def facts(self) -> dict[str, Any]:
        """The protocol, the kind of negatives, and what the chance level is of."""
        remark = "chance is of the ranking of speeds; the contrast's is 1 / (1 + negatives)"
        return {**super().facts(), "protocol": self.options.protocol, "remarks": [remark]}

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Both contrasts' cross-entropies and the ranking's loss; shares of right ones."""
        self.follow()
        double = self.doubled(len(batch.clips), step)
        view, *others = self.views(three_clips(batch, double), step)
        query, speed = self.query(view).chunk(2, dim=1)
        both = [self.keys(other, step, number) for number, other in enumerate(others)]
        keys, speeds = zip(*(key.chunk(2, dim=1) for key in both), strict=True)
        same, other = (each[own_rows(self._world, len(query))] for each in speeds)
        contrasts = [self.logits(query, key) for key in keys]
        losses = [cross_entropy(*contrast) for contrast in contrasts]
        temperature = self.settings.temperature
        losses.append(ranking(speed, same, other, self.options.margin, temperature).mean())
        self.queue.enqueue(keys[1])
        right = torch.stack([hits(*contrast) for contrast in contrasts]).mean()
        return torch.stack(losses).sum(), {
            "contrast": right,
            "accuracy": ranked(speed.detach(), same, other),
        }

    def doubled(self, count: int, step: int) -> Tensor:
        """Which of this process's videos are at double speed, (count,) bool: half of the batch."""
        total = count * self._world.size
        order = torch.from_numpy(keyed(self._seed, "speeds", step).permutation(total))
        return (order < total // 2)[own_rows(self._world, count)]


def rspnet(setup: Setup) -> Method:
    """RSPNet in the protocol that the recipe's options name."""
    return by_options(setup, "rspnet", RSPNet, {"own": AsReleased, "fame": LikeWithLike})


METHOD = rspnet
