"""SRTC, the inter-intra variant dual representations of Zhang et al. (BMVC 2021).

Two heads on the pooled feature of a clip: one unit vector for the clip, and a series of one unit
vector for each of its s segments. Three clips of a video: two at different times, and a third with
the frames of the first. Its segments are shuffled after the view, encoded, and their vectors put
back in order.

- L_clip: NT-Xent of the clip vectors of the first two.
- L_tc: the same of the means of their series, so that the series distinguishes videos.
- L_sr: each segment is more like the same segment of the shuffled clip than like any other of the
  video. The partners are those of the first clip, then those of the third as it is.

The loss is L_clip + L_tc + both L_sr.

`protocol: own` has the release's stride, windows that overhang the video, temperature, heads, and
jitter and blur without flip or grey. `protocol: fame` has windows within the video, the scale's
views, temperature and kind of head. Both may run a video's clips backwards, all alike. Batch,
epochs, optimiser and crops are the scale's, for an equal budget.

Different from the release: no clip goes without colours (a fifth of the first ones do there), and
frames are not squeezed. Left out: the variant with momentum encoder and queues.
"""

from typing import Annotated, Any, Literal

from pydantic import Field
from torch import Tensor
from torch.nn.functional import normalize

from fame.config.methods import MoCo as Settings
from fame.core.errors import FameError
from fame.core.schema import Model, Positive, PositiveFloat, Share
from fame.data.clips.batch import Batch
from fame.data.clips.sampling import Draw, RandomClips, window
from fame.models.heads import ProjectionKind, projection
from fame.pretext.common import Cost, Method, Setup
from fame.pretext.toolbox.draws.overhanging import Overhanging
from fame.pretext.toolbox.draws.repeated import Repeated
from fame.pretext.toolbox.keyed import orders
from fame.pretext.toolbox.losses.pairs import nt_xent
from fame.pretext.toolbox.losses.pieces import matched, piece_loss, reordered, restored
from fame.pretext.toolbox.losses.together import together
from fame.pretext.toolbox.losses.wide import wide
from fame.pretext.toolbox.protocols import by_options

USES = ("moco",)
SLOTS = (0, 1, 0)
DIM = 64
"""Of a segment's vector."""
OWN_VIEWS = {
    "flip": 0.0,
    "gray": 0.0,
    "jitter": 0.64,
    "brightness": 0.8,
    "contrast": 0.8,
    "saturation": 0.8,
    "hue": 0.2,
    "blur": 0.5,
    "blur_sigma": (0.1, 2.0),
}

REMARKS = [
    "chance is of finding a segment among those of the shuffled clip; "
    "the contrast's is 1 / (2 x batch - 1)",
    "negatives are the batch's; the variant with queues is left out",
    "the four clips of a video are encoded one after the other: the release's order is inferred",
]


class Both(Model):
    """Options of both protocols; here and below the examples are the release's values.

    Attributes:
        segments: of a clip.
        reversal: probability that all clips of a video run backwards.
        theta: divides the gaps of L_sr.
    """

    segments: Annotated[int, Field(ge=2, examples=[2])]
    reversal: Annotated[Share, Field(examples=[0.5])]
    theta: Annotated[PositiveFloat, Field(examples=[0.05])]


class LikeWithLike(Both):
    """Options of `protocol: fame`."""

    protocol: Literal["fame"]


class AsReleased(Both):
    """Options of `protocol: own`.

    Attributes:
        stride: native frames from one frame of a clip to the next, instead of the backbone's.
        temperature: of L_clip and L_tc, instead of the scale's.
    """

    protocol: Literal["own"]
    stride: Annotated[Positive, Field(examples=[4])]
    temperature: Annotated[PositiveFloat, Field(examples=[0.07])]


class SRTC(Method):
    """An encoder with a head for clips and one for the series of their segments."""

    clips = len(SLOTS)

    def __init__(self, setup: Setup, options: LikeWithLike | AsReleased) -> None:
        super().__init__(setup)
        self.options, self.encoder = options, setup.encoder
        self._world, self._seed = setup.world, setup.run.seed
        settings, width = setup.section("moco", Settings), setup.encoder.feature_dim
        released = options.protocol == "own"
        self.views = setup.views.with_settings(**OWN_VIEWS) if released else setup.views
        kind: ProjectionKind = "mlp" if released else settings.head
        self.clip_head = setup.head(lambda: projection(width, settings.dim, kind), "clip")
        series = options.segments * DIM
        self.series_head = setup.head(lambda: projection(width, series, kind), "series")
        self.temperature = settings.temperature
        self.to(setup.world.device)

    def sampling(self, frames: int, stride: int) -> Draw:
        """Two clips and the first again.

        Raises:
            FameError: clips that cannot be cut into equal segments.
        """
        if frames % self.options.segments:
            raise FameError(
                f"the method 'srtc' cannot cut clips of {frames} frames into "
                f"{self.options.segments} equal segments; set options.segments to a divisor"
            )
        if isinstance(self.options, AsReleased):
            clips: Draw = Overhanging(frames, self.options.stride, 2)
        else:
            clips = RandomClips(frames, stride, 2)
        return Repeated(clips, SLOTS, self.options.reversal)

    def span(self, frames: int, stride: int) -> int:
        """The window of a clip; under `own` a shorter video has its edges repeated."""
        own = self.options.stride if isinstance(self.options, AsReleased) else stride
        return window(frames, own)

    def chance(self, batch: int) -> float | None:
        """1 / the number of segments."""
        return 1 / self.options.segments

    def cost(self) -> Cost:
        """Three clips, and the third shuffled."""
        return Cost(self.clips + 1)

    def facts(self) -> dict[str, Any]:
        """The protocol, the kind of negatives, and what is not of the release."""
        return {"negatives": "in-batch", "protocol": self.options.protocol, "remarks": REMARKS}

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The sum of the four losses; shares of right contrasts and of segments found again."""
        first, second, again = self.views(batch, step)
        order = orders(self._seed, "srtc-segments", batch, self.options.segments)
        clips = (first, second, again, reordered(again, order))
        vectors, series = zip(*(self.vectors(clip) for clip in clips), strict=True)
        contrast, right = self._contrast(vectors[0], vectors[1])
        means, _ = self._contrast(series[0].mean(dim=1), series[1].mean(dim=1))
        shuffled = restored(series[3], order)
        ranking = [piece_loss(series[slot], shuffled, self.options.theta) for slot in (0, 2)]
        loss = contrast + means + ranking[0].mean() + ranking[1].mean()
        return loss, {"contrast": right, "accuracy": matched(series[0], shuffled)}

    def vectors(self, clips: Tensor) -> tuple[Tensor, Tensor]:
        """Unit vectors of clips (B, D) and of their segments (B, s, DIM)."""
        feature = self.encoder(clips)
        segments = self.series_head(feature).unflatten(1, (-1, DIM))
        return normalize(wide(self.clip_head(feature)), dim=1), normalize(wide(segments), dim=2)

    def _contrast(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        one, other = together(self._world, first), together(self._world, second)
        return nt_xent(one, other, self.temperature)


def srtc(setup: Setup) -> Method:
    """SRTC in the protocol that the recipe's options name."""
    return by_options(setup, "srtc", SRTC, {"own": AsReleased, "fame": LikeWithLike})


METHOD = srtc
