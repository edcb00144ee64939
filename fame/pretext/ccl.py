"""CCL (Kong et al., NeurIPS 2020): cycle-contrastive learning of videos and their frames.

A reconstruction: no code was found, nor the formulas. It rests on a figure, the project's page and
reviews, which name a cycle video -> frames -> video, a separation of videos and of frames each in
their own space, and a diversity regulariser. `REMARKS` lists what was inferred.

The frames' features are the map of the stage before the last, averaged over space, (B, C', t),
with a linear layer to the encoder's C; the video's feature is the pooled last map, (B, C). One
projection, shared by both, gives unit vectors (B, D) and (B, t, D). It has no BatchNorm, which
would let a network recognise a video's frames. The loss (`fame.pretext.toolbox.losses.cycle`) is
the cycle's, plus the videos', plus the frames', plus `diversity` times the regulariser's. Negatives
are in the batch.

`protocol: own` encodes one clip, with grey, jitter and blur drawn anew for each frame: without that
a video and its frames would share every pixel's statistics. `protocol: fame` has FAME's two clips
and views and the scale's temperature; videos meet the frames of the other clip, both ways.
"""

from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from fame.config.methods import MoCo as Settings
from fame.core.errors import FameError
from fame.core.schema import Model, Positive, PositiveFloat, Strength
from fame.data.clips.batch import Batch
from fame.data.clips.sampling import Draw, RandomClips
from fame.models.encoder import fast_layout
from fame.models.heads import projection
from fame.pretext.common import Method, Setup
from fame.pretext.toolbox.heads.stage_shapes import stage_shapes
from fame.pretext.toolbox.losses.contrast import hits
from fame.pretext.toolbox.losses.cycle import among_frames, among_videos, cycle, sameness
from fame.pretext.toolbox.losses.together import together
from fame.pretext.toolbox.losses.wide import wide
from fame.pretext.toolbox.protocols import by_protocol
from fame.pretext.toolbox.views.slots import interleaved

USES = ("moco",)
RECONSTRUCTION = True

REMARKS = [
    "a reconstruction: no code was found; a figure, the project's page and reviews are what it "
    "rests on",
    "the four losses' formulas, weights, temperature and limit are inferred",
    "frames are the map of the stage before the last, since the published network, presumably 2-D "
    "until its last layers, is not known",
    "sampling and views are inferred; negatives are in the batch",
]

FRAMES = 16
"""With which the stages' channels are found; they do not depend on it."""


class LikeWithLike(Model):
    """Options of `protocol: fame`.

    Attributes:
        diversity: weight of the regulariser.
        limit: cosine up to which two frames of a video may be alike.
    """

    protocol: Literal["fame"]
    diversity: Annotated[Strength, Field(examples=[0.1])]
    limit: Annotated[float, Field(ge=-1, lt=1, examples=[0.9])]


class AsReconstructed(LikeWithLike):
    """Options of `protocol: own`.

    Attributes:
        temperature: of the losses, instead of the scale's.
        dim: of the vectors, instead of the scale's.
    """

    protocol: Literal["own"]  # type: ignore[assignment]
    temperature: Annotated[PositiveFloat, Field(examples=[0.07])]
    dim: Annotated[Positive, Field(examples=[128])]


class CCL(Method):
    """An encoder, and one projection for videos and frames."""

    model: type[LikeWithLike] = LikeWithLike

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.options = options = setup.read_options(self.model, "ccl")
        self.encoder, self.views, self._world = setup.encoder, setup.views, setup.world
        moco, width = setup.section("moco", Settings), setup.encoder.feature_dim
        self._temperature, dim = moco.temperature, moco.dim
        if isinstance(options, AsReconstructed):
            self.views = setup.views.colouring_frames()
            self._temperature, dim = options.temperature, options.dim
        channels = stage_shapes(setup.encoder, FRAMES, setup.views.size)[-2][0]
        self.to_frames = setup.head(lambda: nn.Linear(channels, width), "frames")
        self.projection = setup.head(lambda: projection(width, dim, "mlp"))
        self.to(setup.world.device)

    def sampling(self, frames: int, stride: int) -> Draw:
        """Clips from random starts, if the backbone leaves several moments of one."""
        moments = stage_shapes(self.encoder, frames, self.views.size)[-2][1]
        if moments < 2:
            raise FameError(
                "the method 'ccl' compares the moments of the stage before the last, and of "
                f"{frames} frames the backbone leaves one there; raise `frames` of that backbone "
                "or choose another"
            )
        return RandomClips(frames, stride, self.clips)

    def chance(self, batch: int) -> float | None:
        """1 / the videos of the batch, of the cycle."""
        return 1 / batch

    def facts(self) -> dict[str, Any]:
        """The protocol, the kind of negatives, and what is reconstructed."""
        return {"protocol": self.options.protocol, "negatives": "in-batch", "remarks": REMARKS}

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The mean over clips of all losses, and the share of cycles that end where they began."""
        stages = self.encoder.stages(fast_layout(interleaved(self.views(batch, step))))
        device = stages[-1].device.type
        moments = self.to_frames(stages[-2].mean(dim=(3, 4)).transpose(1, 2))
        videos = self._shared(stages[-1].mean(dim=(2, 3, 4)))
        frames = self._shared(moments)
        with torch.autocast(device, enabled=False):
            pairs = [
                self.losses(videos[:, clip], frames[:, self.clips - 1 - clip])
                for clip in range(self.clips)
            ]
        losses, right = (torch.stack(column).mean() for column in zip(*pairs, strict=True))
        return losses, {"accuracy": right}

    def _shared(self, features: Tensor) -> Tensor:
        """Features (B * clips, ..., C) to unit vectors of the global batch, (N, clips, ..., D)."""
        vectors = normalize(wide(self.projection(features)), dim=-1)
        return together(self._world, vectors.unflatten(0, (-1, self.clips)))

    def losses(self, videos: Tensor, frames: Tensor) -> tuple[Tensor, Tensor]:
        """The weighted sum for videos (N, D) and frames (N, t, D), and the share of hits."""
        logits, targets = cycle(videos, frames, self._temperature)
        loss = cross_entropy(logits, targets)
        loss = loss + among_videos(videos, frames, self._temperature)
        loss = loss + among_frames(videos, frames, self._temperature)
        loss = loss + self.options.diversity * sameness(frames, self.options.limit)
        return loss, hits(logits.detach(), targets)


class OneClip(CCL):
    """`protocol: own`: a video and its frames are of the same clip."""

    clips = 1
    model = AsReconstructed


def ccl(setup: Setup) -> Method:
    """CCL in the protocol that the recipe's options name."""
    return by_protocol(setup, "ccl", {"own": OneClip, "fame": CCL})


METHOD = ccl
