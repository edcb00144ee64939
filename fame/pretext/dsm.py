"""DSM (Wang et al., AAAI 2021): the same motion in a warped scene attracts, another one repels.

Query and key are two views of one clip. The query's is warped in space, alike in all frames, after
all other augmentation: the scene changes, the motion does not. A clip of the same scene with other
motion is a further negative, encoded by the query network with gradient. InfoNCE in one direction;
only keys are queued.

`temporal` says what the negative is: a clip from another time of the video (`other-time`, what the
release trains with) or the clip itself with frames copied and swapped (`edit`, which the paper
describes and the release has, but does not call).

`protocol: own` has the release's stride, temperature and linear head, displacements of whole
pixels, and no flip, grey or blur. `protocol: fame` has the scale's views, temperature and head, and
displacements of any size. Batch, epochs, optimiser, crops, jitter and queue are the scale's in
both, for an equal budget.

Different from the release: the warp is drawn for each clip, not for a batch, and its sizes scale
with the view; a negative starts anywhere else, and loops where the video has a single window;
no rotation by up to 10 degrees. Left out: the triplet variant, and a term on feature maps that the
release has commented out.
"""

from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from fame.core.schema import Model, Positive, PositiveFloat
from fame.data.clips.batch import Batch
from fame.data.clips.sampling import Draw
from fame.pretext.common import Cost, Method, Setup
from fame.pretext.moco import MomentumContrast
from fame.pretext.toolbox.draws.frame_edits import EditedAgain
from fame.pretext.toolbox.draws.two_times import TwoTimes
from fame.pretext.toolbox.losses.contrast import hits, own_rows, paired
from fame.pretext.toolbox.losses.ranking import ranked
from fame.pretext.toolbox.own_stride import OwnStride
from fame.pretext.toolbox.protocols import by_options, need_frames
from fame.pretext.toolbox.tally import Tally
from fame.pretext.toolbox.views.warp import Warp

USES = ("moco",)
NEGATIVES = "moco"
MORE_NEGATIVES = {
    "temporal": {"other-time": "another time of the video", "edit": "the clip with edited frames"}
}

REMARKS = [
    "chance is of the query being more like its key than like its own negative; "
    "the contrast's is 1 / (2 + negatives)",
    "the warp is drawn for each clip; whether its border counts as inside is inferred",
    "jitter is the scale's, and there is no rotation",
]
EDITED = "the edits of frames follow the release's code, which its training does not call"

Warps = Annotated[Positive, Field(examples=[3])]
Temporal = Annotated[Literal["other-time", "edit"], Field(examples=["other-time"])]


class LikeWithLike(Model):
    """Options of `protocol: fame`.

    Attributes:
        warps: largest number of places at which a clip is warped.
        temporal: what the negative of the query's own video is.
    """

    protocol: Literal["fame"]
    warps: Warps
    temporal: Temporal


class AsReleased(Model):
    """Options of `protocol: own`; the examples are the release's values.

    Attributes:
        warps, temporal: as above.
        stride: native frames from one frame of a clip to the next, instead of the backbone's.
        temperature: of the InfoNCE loss, instead of the scale's.
    """

    protocol: Literal["own"]
    warps: Warps
    temporal: Temporal
    stride: Annotated[Positive, Field(examples=[4])]
    temperature: Annotated[PositiveFloat, Field(examples=[0.07])]


class DSM(OwnStride, MomentumContrast):
    """Momentum contrast of warped clips, with one negative from the query's own video."""

    clips = 3

    def __init__(self, setup: Setup, options: LikeWithLike | AsReleased) -> None:
        super().__init__(setup)
        self.options = options
        released = options.protocol == "own"
        if released:
            width, dim = setup.encoder.feature_dim, self.settings.dim
            self.replace_head(setup.head(lambda: nn.Linear(width, dim)))
            self.views = setup.views.with_settings(flip=0.0, gray=0.0, blur=0.0)
        self.warp = Warp(setup.run.seed, options.warps, whole=released)
        self.pictures = Tally(("other", "same"), setup.world)
        self.to(setup.world.device)

    def sampling(self, frames: int, stride: int) -> Draw:
        """The same frames for query and key, others for the negative."""
        need_frames("dsm", 2, frames)
        draw = TwoTimes if self.options.temporal == "other-time" else EditedAgain
        return draw(frames, self.own_stride(stride))

    def chance(self, batch: int) -> float | None:
        """A half: of two clips, which is the query's."""
        return 0.5

    def cost(self) -> Cost:
        """Only the key is encoded without gradient."""
        return Cost(with_gradient=2, without_gradient=1)

    def facts(self) -> dict[str, Any]:
        """Protocol, negatives, how many of the videos' own ones show the query's own pictures."""
        temporal = self.options.temporal
        more = MORE_NEGATIVES["temporal"][temporal]
        return {
            "negatives": f"{super().facts()['negatives']} and {more}",
            "protocol": self.options.protocol,
            "own_negatives": self.pictures.shares(),
            "remarks": [*REMARKS, EDITED] if temporal == "edit" else REMARKS,
        }

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The cross-entropy, and the shares of right contrasts and of right rankings of the two."""
        self.follow()
        clip, clean, elsewhere = self.views(batch, step)
        query, other = self.query(self.warp(clip, batch)), self.query(elsewhere)
        keys = self.keys(clean, step, 1)
        logits, targets = self.logits(query, keys)
        logits = torch.cat([logits, paired(query, other, self.settings.temperature)], dim=1)
        own = keys[own_rows(self._world, len(query))]
        self.queue.enqueue(keys)
        same = (batch.clips[:, 0] == batch.clips[:, 2]).flatten(1).all(dim=1)
        self.pictures.add(same.long())
        return cross_entropy(logits, targets), {
            "contrast": hits(logits, targets),
            "accuracy": ranked(query.detach(), own, other.detach()),
        }


def dsm(setup: Setup) -> Method:
    """DSM in the protocol that the recipe's options name."""
    return by_options(setup, "dsm", DSM, {"own": AsReleased, "fame": LikeWithLike})


METHOD = dsm
