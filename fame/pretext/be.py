"""Background Erasing (BE; Wang et al., CVPR 2021), the method closest to FAME (facts C9).

A still frame of the clip is blended into all its frames (`fame.augment.distraction`), so that the
background no longer identifies a video. The recipe's `options` name one of two protocols.

`protocol: fame` is for a direct comparison: FAME's pairs, views and symmetric contrast, but the
first clip is distracted instead of merged.

`protocol: own` is BE's own contrast as released. Query and key are two crops of one clip; the query
is distracted after all other augmentation. A clip from another time of the same video is an
additional negative, encoded by the query network with gradient. The release's consistency term has
weight 0, so it is omitted. Batch, epochs, optimiser, crops and jitter are the scale's, for an equal
budget, and evaluation uses the scale's normalisation.
"""

from dataclasses import replace
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import cross_entropy

from fame.augment.distraction import Distraction
from fame.config.views import Colour
from fame.core.errors import FameError
from fame.core.schema import Model, PositiveFloat, Share
from fame.data.clips.batch import Batch
from fame.data.clips.sampling import Draw, window
from fame.pretext.common import Cost, Method, Setup
from fame.pretext.moco import MomentumContrast
from fame.pretext.toolbox.draws.two_times import TwoTimes
from fame.pretext.toolbox.losses.contrast import hits, paired
from fame.pretext.toolbox.protocols import with_temperature

USES = ("moco",)
NEGATIVES = "moco"
MORE_NEGATIVES = {"protocol": {"own": "another time of the video"}}

Strength = Annotated[Share, Field(examples=[0.3])]


class LikeWithLike(Model):
    """Options of `protocol: fame`.

    Attributes:
        strength: the largest share of the still frame.
    """

    protocol: Literal["fame"]
    strength: Strength


class AsReleased(Model):
    """Options of `protocol: own`; the examples are the release's values.

    Attributes:
        strength: the largest share of the still frame.
        stride: native frames from one frame of a clip to the next, instead of the backbone's.
        temperature: of the InfoNCE loss, instead of the scale's.
        mean, std: of the input's normalisation, instead of the scale's. 0.5 each map [0, 1] to
            [-1, 1].
    """

    protocol: Literal["own"]
    strength: Strength
    stride: Annotated[int, Field(gt=0, examples=[4])]
    temperature: Annotated[PositiveFloat, Field(examples=[0.07])]
    mean: Annotated[Colour, Field(examples=[[0.5, 0.5, 0.5]])]
    std: Annotated[
        tuple[PositiveFloat, PositiveFloat, PositiveFloat], Field(examples=[[0.5, 0.5, 0.5]])
    ]


class DistractedMoCo(MomentumContrast):
    """FAME's training with BE's distraction instead of FAME's merging."""

    def __init__(self, setup: Setup) -> None:
        options = setup.read_options(LikeWithLike, "be")
        change = Distraction(setup.run.seed, options.strength)
        super().__init__(replace(setup, views=setup.views.changed(change)))

    def facts(self) -> dict[str, Any]:
        """The protocol and the kind of negatives."""
        return {**super().facts(), "protocol": "fame"}


class BackgroundErasing(MomentumContrast):
    """BE's own contrast: one direction, and one negative from the query's own video."""

    clips = 3

    def __init__(self, setup: Setup) -> None:
        options = setup.read_options(AsReleased, "be")
        views = setup.views.with_normalisation(options.mean, options.std)
        super().__init__(replace(with_temperature(setup, options.temperature), views=views))
        self._stride = options.stride
        self._distraction = Distraction(setup.run.seed, options.strength)

    def sampling(self, frames: int, stride: int) -> Draw:
        """The same frames for query and key, other frames for the negative, at BE's own stride."""
        return TwoTimes(frames, self._stride)

    def span(self, frames: int, stride: int) -> int:
        """The window of a clip at BE's own stride."""
        return window(frames, self._stride)

    def chance(self, batch: int) -> float | None:
        """1 / (the positive, all negatives and the video's own negative)."""
        return 1 / (2 + len(self.queue) if len(self.queue) else batch + 1)

    def cost(self) -> Cost:
        """Only the key is encoded without gradient."""
        return Cost(with_gradient=2, without_gradient=1)

    def facts(self) -> dict[str, Any]:
        """The protocol and the kind of negatives."""
        negatives = f"{super().facts()['negatives']} and another time of the video"
        return {"negatives": negatives, "protocol": "own"}

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The cross-entropy of the distracted clips, and the share of correct contrasts."""
        self.follow()
        clip, clean, elsewhere = self.views(batch, step)
        # After normalisation, as released; blending commutes with it.
        query = self.query(self._distraction(clip, batch, 0, step))
        other = self.query(elsewhere)
        keys = self.keys(clean, step, 1)
        logits, targets = self.logits(query, keys)
        apart = paired(query, other, self.settings.temperature)
        logits = torch.cat([logits, apart], dim=1)
        self.queue.enqueue(keys)
        return cross_entropy(logits, targets), {"contrast": hits(logits, targets)}


PROTOCOLS: dict[Any, type[MomentumContrast]] = {
    "fame": DistractedMoCo,
    "own": BackgroundErasing,
}


def background_erasing(setup: Setup) -> Method:
    """BE in the protocol that the recipe's options name.

    Raises:
        FameError: an unknown protocol or option, or a recipe with a `merge`.
    """
    setup.refuse_merge("be")
    protocol = setup.options.get("protocol")
    if protocol not in PROTOCOLS:
        raise FameError(
            f"the method 'be' has no protocol {protocol!r}; "
            "set options.protocol to 'fame' (like with like) or 'own' (as released)"
        )
    return PROTOCOLS[protocol](setup)


METHOD = background_erasing
