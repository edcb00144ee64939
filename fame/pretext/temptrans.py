"""Temporal transformations (TempTrans, RTT; Jenni, Meishvili & Favaro, ECCV 2020).

Four clips of each video: untouched, forward-backward, shuffled, and warped in time. The network
says which is which, and at which speed the first two play. A step encodes all four,
(4 B, 3, T, S, S), video by video, so that BatchNorm never sees one transformation alone; one linear
layer gives (4 B, 4 + speeds) logits, for two cross-entropies.

Speeds are 2^k native frames a step, k up to the largest at which the video is long enough (0 for
the shortest, which loop; the release does not handle them). For untouched and forward-backward
clips k is uniform; shuffled clips have speed 1; warped clips have steps of 1 to the largest speed.
On the way back of a forward-backward clip, frames fall between those of the way out.

`protocol: own` has the ResNet script's views: a square of a quarter of the frame squeezed to a
square, input in [-1, 1], and brightness, saturation and grey drawn anew for each frame.
`protocol: fame` has the scale's views. Both draw crops for each clip.

Different from the release: the networks are ours, trained with the scale's SGD in place of AdamW;
brightness is multiplied, not added; flips are drawn for each clip, not for each video; a warped
clip stays inside its window, which the release's may leave by a frame. The settings of the
published R(2+1)D were never released; BatchNorm before its linear layer is in the network's code.
"""

from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from fame.config.views import Colour
from fame.core.schema import Count, Model, PositiveFloat, Range, Share, Strength
from fame.data.clips.batch import Batch
from fame.data.clips.sampling import Draw, window
from fame.pretext.common import Method, Setup
from fame.pretext.toolbox.draws.four_clips import LEAST, PLAYED, TRANSFORMATIONS, FourClips
from fame.pretext.toolbox.losses.classify import classify
from fame.pretext.toolbox.protocols import by_protocol, need_frames
from fame.pretext.toolbox.tally import Tally
from fame.pretext.toolbox.views.slots import interleaved

REMARKS = [
    "the recipe of the published R(2+1)D was never released",
    "SGD in place of AdamW; optimiser and epochs are the scale's",
    "flips are drawn for each clip; videos shorter than a clip loop (inferred)",
]


class LikeWithLike(Model):
    """Options of `protocol: fame`; the examples are the release's values.

    Attributes:
        doublings: the largest k; speeds are 1, 2, ..., 2^doublings.
        batchnorm: whether the features are normalised before the linear layer.
    """

    protocol: Literal["fame"]
    doublings: Annotated[Count, Field(examples=[3])]
    batchnorm: Annotated[bool, Field(examples=[True])]


class AsReleased(Model):
    """Options of `protocol: own`; the examples are the release's values.

    Attributes:
        doublings, batchnorm: as under `protocol: fame`.
        crop_scale: lowest and highest share of the frame's area.
        crop_aspect: lowest and highest width / height.
        brightness, saturation: strengths of the jitter of single frames.
        gray: probability that a frame is grey.
        mean, std: of the input's normalisation; 0.5 each map [0, 1] to [-1, 1].
    """

    protocol: Literal["own"]
    doublings: Annotated[Count, Field(examples=[3])]
    batchnorm: Annotated[bool, Field(examples=[True])]
    crop_scale: Annotated[Range, Field(examples=[[0.25, 0.25]])]
    crop_aspect: Annotated[Range, Field(examples=[[1.3333, 1.3333]])]
    brightness: Annotated[Strength, Field(examples=[0.125])]
    saturation: Annotated[Strength, Field(examples=[0.5])]
    gray: Annotated[Share, Field(examples=[0.2])]
    mean: Annotated[Colour, Field(examples=[[0.5, 0.5, 0.5]])]
    std: Annotated[
        tuple[PositiveFloat, PositiveFloat, PositiveFloat], Field(examples=[[0.5, 0.5, 0.5]])
    ]

    def views(self) -> dict[str, Any]:
        """Changes to the scale's `ViewSettings`."""
        same = self.model_dump(exclude={"protocol", "doublings", "batchnorm"})
        return same | {"jitter": 1.0, "contrast": 0.0, "hue": 0.0, "blur": 0.0}


class TempTrans(Method):
    """An encoder, and one linear layer for the transformation and the speed."""

    clips = TRANSFORMATIONS

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.options = self._read(setup)
        self.views, self.encoder = setup.views, setup.encoder
        if isinstance(self.options, AsReleased):
            self.views = setup.views.with_settings(**self.options.views()).colouring_frames()
        speeds, dim = self.options.doublings + 1, setup.encoder.feature_dim
        self.norm = setup.head(lambda: nn.BatchNorm1d(dim)) if self.options.batchnorm else None
        self.linear = setup.head(lambda: _linear(dim, TRANSFORMATIONS + speeds))
        self.drawn = Tally([f"speed_{1 << k}" for k in range(speeds)], setup.world)
        self.to(setup.world.device)

    def _read(self, setup: Setup) -> LikeWithLike | AsReleased:
        if setup.options["protocol"] == "own":
            return setup.read_options(AsReleased, "temptrans")
        return setup.read_options(LikeWithLike, "temptrans")

    def sampling(self, frames: int, stride: int) -> Draw:
        """The four clips, at their own speeds.

        Raises:
            FameError: clips too short to run forward and backward.
        """
        need_frames("temptrans", LEAST, frames)
        return FourClips(frames, self.options.doublings)

    def span(self, frames: int, stride: int) -> int:
        """A clip at speed 1."""
        return window(frames, 1)

    def chance(self, batch: int) -> float | None:
        """1 / the number of transformations; the speed's is on the card beside the mix."""
        return 1 / TRANSFORMATIONS

    def facts(self) -> dict[str, Any]:
        """The protocol, the mix of speeds, and what is not of the release."""
        return {
            "protocol": self.options.protocol,
            "label_mix": self.drawn.shares(),
            "speed_chance": self.drawn.largest(),
            "remarks": REMARKS,
        }

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Both cross-entropies; the shares of transformations and of speeds that are right."""
        speeds = batch.drawn[:, 0]
        features = self.encoder(interleaved(self.views(batch, step)))
        logits = self.linear(features if self.norm is None else self.norm(features))
        kinds = torch.arange(TRANSFORMATIONS, device=speeds.device).repeat(len(speeds))
        loss, right = classify(logits[:, :TRANSFORMATIONS], kinds)
        played = logits[:, TRANSFORMATIONS:].unflatten(0, (-1, TRANSFORMATIONS))[:, :PLAYED]
        pace, fast = classify(played.flatten(0, 1), speeds.repeat_interleave(PLAYED))
        self.drawn.add(speeds)
        return loss + pace, {"accuracy": right, "speed": fast}


def _linear(inputs: int, outputs: int) -> nn.Linear:
    """A linear layer that starts from N(0, 0.001), as the release's."""
    layer = nn.Linear(inputs, outputs)
    nn.init.normal_(layer.weight, std=0.001)
    nn.init.zeros_(layer.bias)
    return layer


def temptrans(setup: Setup) -> Method:
    """TempTrans in the protocol that the recipe's options name."""
    return by_protocol(setup, "temptrans", {"own": TempTrans, "fame": TempTrans})


METHOD = temptrans
