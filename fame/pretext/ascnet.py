"""ASCNet (Huang et al., ICCV 2021): consistent appearance and consistent speed, without negatives.

A reconstruction: neither code nor the paper's text was found. It rests on the abstract, a figure's
caption and third parties' notes; what they do not say follows BYOL. `REMARKS` lists it.

Two clips of a video, at single and at double speed, give features (B, C); an appearance head and a
speed head give (B, D) each. Clips of both speeds alternate in a step's (2 B, 3, T, S, S), so that
BatchNorm never sees one speed only.

- Appearance (ACP): from each of the two clips, predict the appearance of the other.
- Speed (SCP): from each clip, predict the speed vector of another video's clip at the same speed:
  of those in a bank, the one most alike in appearance. The bank, one for each speed, has as many
  vectors as the scale's queue, and is used once it is full; with a queue of 0, the other videos of
  the batch take its place.

The error is 2 - 2 cos (`fame.pretext.toolbox.losses.predict`); targets get no gradient. With
`target: momentum` they come from a slow copy of encoder and heads; with `shared` from the network
itself.

The accuracy is no part of the loss: it says how often the prediction from single speed is most like
the same video's other clip, of those in the batch. If vectors become one point, it falls to chance
and `spread` to 0.

`protocol: own` has heads of BYOL's kind and their own width; `protocol: fame` has the encoder's
width and the scale's vectors. All else is alike, since nothing published differs from the scale's.
"""

import copy
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import normalize

from fame.config.methods import MoCo as Settings
from fame.core.schema import Model, Positive, Strength
from fame.data.clips.batch import Batch
from fame.data.clips.sampling import Draw, window
from fame.models.encoder import Encoder
from fame.pretext.common import Cost, Method, Setup
from fame.pretext.toolbox.draws.speeds import SPEEDS, PairedSpeeds
from fame.pretext.toolbox.heads.branches import Branches
from fame.pretext.toolbox.losses.contrast import contrast_in_batch, hits, own_rows
from fame.pretext.toolbox.losses.predict import apart, mlp, rising, spread
from fame.pretext.toolbox.losses.wide import wide
from fame.pretext.toolbox.memory.momentum import follow
from fame.pretext.toolbox.memory.most_alike import Partners, partners_error
from fame.pretext.toolbox.protocols import by_options
from fame.pretext.toolbox.views.slots import interleaved

USES = ("moco",)
RECONSTRUCTION = True

REMARKS = [
    "a reconstruction: no code was found; the abstract, a figure's caption and notes are what it "
    "rests on",
    "starts, views, heads, size of the bank and the weight of the speed's loss are inferred",
    "the slow target, rising by a cosine, is BYOL's (recalled); the caption says that all encoders "
    "share their parameters, which target: shared does",
    "the accuracy is a retrieval within the batch and no part of the loss",
]

Target = Literal["momentum", "shared"]


class LikeWithLike(Model):
    """Options of `protocol: fame`.

    Attributes:
        stride: native frames from one frame to the next at single speed.
        weight: of the speed's loss.
        target: whether targets come from a slow copy (`momentum`) or the network itself (`shared`).
        momentum: of the slow copy in the first epoch; it rises to 1.
    """

    protocol: Literal["fame"]
    stride: Annotated[Positive, Field(examples=[1])]
    weight: Annotated[Strength, Field(examples=[1.0])]
    target: Annotated[Target, Field(examples=["momentum"])]
    momentum: Annotated[float, Field(ge=0, lt=1, examples=[0.99])]


class AsReconstructed(LikeWithLike):
    """Options of `protocol: own`.

    Attributes:
        hidden: width of the heads' and the predictors' hidden layer.
        dim: of the vectors.
    """

    protocol: Literal["own"]  # type: ignore[assignment]
    hidden: Annotated[Positive, Field(examples=[2048])]
    dim: Annotated[Positive, Field(examples=[256])]


class ASCNet(Method):
    """A network with two heads and two predictors, its targets, and a bank for each speed."""

    clips = len(SPEEDS)

    def __init__(self, setup: Setup, options: LikeWithLike) -> None:
        super().__init__(setup)
        assert setup.run.pretrain is not None
        self.options = options
        self.views, self._world = setup.views, setup.world
        self._epochs = int(setup.run.recipe["pretrain"]["epochs"])
        moco, width = setup.section("moco", Settings), setup.encoder.feature_dim
        hidden, dim = width, moco.dim
        if isinstance(options, AsReconstructed):
            hidden, dim = options.hidden, options.dim

        def pair(inputs: int, purpose: str) -> nn.ModuleList:
            return nn.ModuleList(
                setup.head(lambda: mlp(inputs, hidden, dim), f"{purpose} of {what}")
                for what in ("appearance", "speed")
            )

        self.network = Branches(setup.encoder, pair(width, "head"))
        self.predictors = pair(dim, "predictor")
        if options.target == "momentum":
            self.slow = copy.deepcopy(self.network).requires_grad_(False)
        size = moco.queue[setup.run.pretrain]
        self.partners = nn.ModuleList(Partners(size, dim, setup.world) for _ in SPEEDS)
        self.to(setup.world.device)

    @property
    def encoder(self) -> Encoder:  # type: ignore[override]
        """The encoder that is trained."""
        return self.network.encoder

    def sampling(self, frames: int, stride: int) -> Draw:
        """A clip at each speed."""
        return PairedSpeeds(frames, self.options.stride)

    def span(self, frames: int, stride: int) -> int:
        """The window of the faster clip."""
        return window(frames, max(SPEEDS) * self.options.stride)

    def chance(self, batch: int) -> float | None:
        """1 / the videos of the batch, of the retrieval."""
        return 1 / batch

    def cost(self) -> Cost:
        """Both clips, and once more for a slow copy's targets."""
        return Cost(self.clips, self.clips if self.options.target == "momentum" else 0)

    def facts(self) -> dict[str, Any]:
        """The protocol, and what is reconstructed."""
        return {"protocol": self.options.protocol, "negatives": "none", "remarks": REMARKS}

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Both consistencies' errors; the retrieval within the batch; how spread vectors are."""
        clips = interleaved(self.views(batch, step))
        online = self.network(clips)
        targets = self._targets(clips, online, int(batch.epochs[0]))
        looks, speeds = (normalize(part, dim=1) for part in targets.chunk(2, dim=1))
        parts = zip(self.predictors, online.chunk(2, dim=1), strict=True)
        look, speed = (wide(predictor(part)) for predictor, part in parts)
        other = looks.unflatten(0, (-1, self.clips)).flip(1).flatten(0, 1)
        appearance = apart(look, other).mean()
        videos = batch.indices.to(speed.device)
        pace = partners_error(self.partners, speed, looks, speeds, videos)
        first, count = own_rows(self._world, len(batch.clips)).start, self.clips
        everywhere = self._world.gather(other[::count])
        single = normalize(look[::count].detach(), dim=1)
        return appearance + self.options.weight * pace, {
            "accuracy": hits(*contrast_in_batch(single, everywhere, first, 1.0)),
            "appearance_loss": appearance.detach(),
            "speed_loss": pace.detach(),
            "spread": spread(self._world.gather(looks)),
            "speed_spread": spread(self._world.gather(speeds)),
        }

    @torch.no_grad()
    def _targets(self, clips: Tensor, online: Tensor, epoch: int) -> Tensor:
        """What is to be predicted, (2 B, 2 D)."""
        if self.options.target == "shared":
            return online.detach()
        follow(self.slow, self.network, rising(self.options.momentum, epoch, self._epochs))
        targets: Tensor = self.slow(clips)
        return targets


def ascnet(setup: Setup) -> Method:
    """ASCNet in the protocol that the recipe's options name."""
    return by_options(setup, "ascnet", ASCNet, {"own": AsReconstructed, "fame": LikeWithLike})


METHOD = ascnet
