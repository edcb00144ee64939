"""Spatio-Temp (Wang et al., CVPR 2019; TPAMI 2021): regress statistics of motion and appearance.

Of one clip (B, 1, 3, T, S, S) 27 numbers are regressed from the pooled feature (B, C) by two linear
layers: 14 say where the largest motion is and whither, of its flow's boundaries
(`toolbox.labels.motion_labels`), 13 where colours change most and least and which they are
(`toolbox.labels.appearance_labels`). L = factor * (MSE(motion) + 0.1 * MSE(appearance)), on the raw
numbers, 0 to 16.

Labels are made where clips are read, in the loader's processes. The view that the step will see is
cropped there as well, by the same keyed draws. Flow is that of its uncoloured form, so that a
flip mirrors the flow's direction too; colours are those that the encoder gets.

`protocol: own` has consecutive frames without colours, and takes the octant of a block's commonest
colour. `protocol: fame` has our clips and colours, and takes the commonest octant. Crops,
normalisation, optimiser and epochs are the scale's. `factor` stands in for a rate of its own:
5e-4 where `paper` has 0.01.

Different from the release: flow is OpenCV's dense inverse search on the view, not TV-L1 from files;
its steps and limits are those of the release's files. The release's flip mirrors the flow without
turning it, and its colours of one ring are read from other rows: both are slips. It doubles the
rate of biases. The pair of frames across the seam of a looped video is left out. The release does
not say how it chose the starts of clips.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from fame.augment.views import Views
from fame.core.errors import FameError
from fame.core.schema import Model, Positive, PositiveFloat
from fame.data.clips.batch import Batch, Sample, collate
from fame.data.clips.sampling import Draw, RandomClips
from fame.pretext.common import Method, Setup
from fame.pretext.toolbox.labels import appearance_labels, motion_labels
from fame.pretext.toolbox.labels.flow import flow, stored
from fame.pretext.toolbox.labels.patterns import MULTIPLE
from fame.pretext.toolbox.losses.concordance import concordance
from fame.pretext.toolbox.losses.wide import wide
from fame.pretext.toolbox.own_stride import OwnStride
from fame.pretext.toolbox.protocols import by_options, need_frames, need_size

LEAST = 16
WEIGHT = 0.1
"""Of the regression of appearance."""

REMARKS = [
    "flow by dense inverse search on each view, where the release has TV-L1 from files",
    "biases have the rate of the weights; starts of clips are random (inferred)",
]


class LikeWithLike(Model):
    """Options of `protocol: fame`.

    Attributes:
        dominant: how a block's dominant colour is found, `octant` or `exact`.
        factor: of the loss.
    """

    protocol: Literal["fame"]
    dominant: Annotated[appearance_labels.Colour, Field(examples=["octant"])]
    factor: Annotated[PositiveFloat, Field(examples=[0.1])]


class AsReleased(LikeWithLike):
    """Options of `protocol: own`.

    Attributes:
        stride: native frames from one frame of a clip to the next, instead of the backbone's.
    """

    protocol: Literal["own"]  # type: ignore[assignment]
    stride: Annotated[Positive, Field(examples=[1])]


@dataclass(frozen=True)
class Statistics:
    """Makes the labels of a clip from its pixels, as the step will see them."""

    views: Views
    colour: appearance_labels.Colour

    def __call__(self, sample: Sample) -> Tensor:
        """The 27 numbers (27,) int64 of a sample with one clip: motion, then appearance."""
        (steps,) = self.views.explain(collate([sample]), 0)
        fields = stored(flow(_pixels(steps.clips)))
        fields[np.diff(sample.frames[0].numpy()) <= 0] = 0  # the seam of a loop
        motion = motion_labels.motion_labels(fields)
        colours = appearance_labels.appearance_labels(_pixels(steps.coloured), self.colour)
        return torch.from_numpy(np.concatenate([motion, colours]))


def _pixels(clips: Tensor) -> np.ndarray:
    """A clip (1, 3, T, S, S) in [0, 1] as frames (T, S, S, 3) uint8."""
    return (255 * clips[0]).round().clamp(0, 255).byte().permute(1, 2, 3, 0).numpy()


class SpatioTemp(OwnStride, Method):
    """An encoder and two linear layers."""

    clips = 1

    def __init__(self, setup: Setup, options: LikeWithLike | AsReleased) -> None:
        super().__init__(setup)
        self.options, self.encoder, self._world = options, setup.encoder, setup.world
        size = setup.views.size
        need_frames("spatiotemp", 2, setup.run.recipe["backbone"]["frames"])
        need_size("spatiotemp", LEAST, size)
        if size % MULTIPLE:
            raise FameError(
                f"the method 'spatiotemp' cuts views into cells, triangles and rings, and {size} "
                f"pixels leave some uneven; make `size` of the backbone a multiple of {MULTIPLE}"
            )
        self.views = setup.views.uncoloured() if options.protocol == "own" else setup.views
        width = setup.encoder.feature_dim
        self.motion = setup.head(lambda: nn.Linear(width, motion_labels.NUMBERS), "motion")
        self.appearance = setup.head(
            lambda: nn.Linear(width, appearance_labels.NUMBERS), "appearance"
        )
        self.to(setup.world.device)

    def sampling(self, frames: int, stride: int) -> Draw:
        """One random clip."""
        return RandomClips(frames, self.own_stride(stride), self.clips)

    def labeller(self) -> Callable[[Sample], Tensor]:
        """The 27 numbers."""
        return Statistics(self.views, self.options.dominant)

    def chance(self, batch: int) -> float | None:
        """Half of the pairs of videos."""
        return 0.5

    def facts(self) -> dict[str, Any]:
        """The protocol, and what differs from the release."""
        return {"protocol": self.options.protocol, "remarks": REMARKS}

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted squared errors, and how often motion's numbers order two videos rightly."""
        (clips,) = self.views(batch, step)
        features = self.encoder(clips)
        found, colours = wide(self.motion(features)), wide(self.appearance(features))
        numbers = batch.drawn.to(found.dtype)
        motion, appearance = numbers.tensor_split([motion_labels.NUMBERS], dim=1)
        errors = mse_loss(found, motion), mse_loss(colours, appearance)
        pairs = self._world.gather(found), self._world.gather(motion)
        scalars = {
            "accuracy": concordance(*pairs),  # of the global batch, whatever the processes
            "motion": errors[0].detach(),
            "appearance": errors[1].detach(),
        }
        return self.options.factor * (errors[0] + WEIGHT * errors[1]), scalars


def spatiotemp(setup: Setup) -> Method:
    """Spatio-Temp in the protocol that the recipe's options name."""
    return by_options(setup, "spatiotemp", SpatioTemp, {"own": AsReleased, "fame": LikeWithLike})


METHOD = spatiotemp
