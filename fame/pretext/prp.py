"""Playback Rate Perception (PRP; Yao et al., CVPR 2020): name a clip's rate, rebuild its motion.

A clip (B, 3, T, S, S) takes every s-th frame of a window, s one of four rates. From the encoder's
last map (B, C, T / 8, S / 16, S / 16) one head predicts the rate, (B, 4); a decoder rebuilds the
window at twice the clip's frame rate, (B, 3, 2 T, S, S), with squared errors weighted by motion.
At rate 1 every second target frame is the mean of its neighbours and does not count.

A batch carries the clip, the frames between its frames, and the stills that the motion is read off,
all with one crop and flip. Targets are in [0, 1] and have no colour changes; larger views than the
decoder's output are shrunk to it by their area mean.

`protocol: own` has the release's view: the central square crop, input in [0, 1], nothing else.
`protocol: fame` has the scale's views for the clip, and their crop and flip for the target.

Different from the release: the rate is uniform among those that fit the video (the release takes
another video instead), and starts are drawn where the largest of these fits, so that they do not
show the rate; a video shorter than a clip loops. Optimiser and epochs are the scale's, without ten
times the rate for the last layer; so is the normalisation when the encoder is evaluated.
"""

from dataclasses import replace
from typing import Annotated, Any

import torch
from pydantic import AfterValidator, Field
from torch import Tensor
from torch.nn.functional import avg_pool2d

from fame.config.scale import Protocol
from fame.core.errors import FameError
from fame.core.schema import Model, Positive, Strength
from fame.data.clips.batch import Batch
from fame.data.clips.sampling import Draw
from fame.models.encoder import fast_layout
from fame.pretext.common import Cost, Method, Setup
from fame.pretext.toolbox.draws.dilated import Dilated, needed
from fame.pretext.toolbox.heads.rebuild import DOUBLINGS, RateHead, decoder, error_of, target_of
from fame.pretext.toolbox.losses.classify import classify
from fame.pretext.toolbox.protocols import by_protocol
from fame.pretext.toolbox.tally import Tally
from fame.pretext.toolbox.views.motion_map import STILLS, motion_map
from fame.pretext.toolbox.views.plain_views import PlainViews

REMARKS = [
    "rates are drawn among those that fit a video, and starts where the largest fits (inferred)",
    "a piece of a window in which nothing moves weighs 1 (per piece: inferred)",
    "no larger learning rate for the last layer; optimiser and epochs are the scale's",
]


def _rising(rates: tuple[int, ...]) -> tuple[int, ...]:
    if list(rates) != sorted(set(rates)) or any(rate > 1 and rate % 2 for rate in rates):
        raise ValueError("rates rise, and are 1 or even, since a target frame stands halfway")
    return rates


class Options(Model):
    """Options of both protocols; the examples are the release's values.

    Attributes:
        protocol: `own` or `fame`.
        rates: native frames from one frame of a clip to the next; in place of the backbone's
            stride.
        weight: of the rate's cross-entropy, beside the reconstruction's 1.
    """

    protocol: Protocol
    rates: Annotated[
        tuple[Positive, ...],
        AfterValidator(_rising),
        Field(min_length=2, examples=[[1, 2, 4, 8]]),
    ]
    weight: Annotated[Strength, Field(examples=[0.1])]


class PRP(Method):
    """An encoder, a head for the rate and a decoder."""

    clips = 1

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.options = setup.read_options(Options, "prp")
        self.views, self.encoder = setup.views, setup.encoder
        self._plain = PlainViews(
            setup.views.size, setup.run.seed, centre=True, dtype=setup.views.dtype
        )
        self.shrink = self._fit(setup.run.recipe["backbone"]["frames"], setup.views.size)
        dim, rates = setup.encoder.feature_dim, self.options.rates
        self.rate = setup.head(lambda: RateHead(dim, len(rates)), "rate")
        self.decoder = setup.head(lambda: decoder(dim), "decoder")
        self.drawn = Tally([f"rate_{rate}" for rate in rates], setup.world)
        self.to(setup.world.device)

    def _fit(self, frames: int, size: int) -> int:
        """How many times smaller than a view the decoder's output is.

        Raises:
            FameError: the decoder does not give twice as many frames, or no part of the size.
        """
        nothing = next(self.encoder.parameters()).new_zeros(1, 3, frames, size, size)
        with torch.no_grad():
            maps = self.encoder.eval().maps(fast_layout(nothing))
        self.encoder.train()
        time, side = maps.shape[2] << DOUBLINGS, maps.shape[3] << DOUBLINGS
        if time != 2 * frames or size % side:
            raise FameError(
                f"the method 'prp' must rebuild {2 * frames} frames of {size} pixels, and its "
                f"decoder makes {time} of {side} from this backbone's map; take one whose map is "
                "an eighth of the frames (a multiple of 8) and a sixteenth of the size"
            )
        return size // side

    def sampling(self, frames: int, stride: int) -> Draw:
        """A clip at one of the rates, and what the target needs."""
        return Dilated(frames, self.options.rates)

    def span(self, frames: int, stride: int) -> int:
        """The window of the smallest rate."""
        return needed(frames, self.options.rates[0])

    def chance(self, batch: int) -> float | None:
        """The share of the commonest rate drawn so far; before the first, 1 / their number."""
        return self.drawn.largest() or 1 / len(self.options.rates)

    def cost(self) -> Cost:
        """Only the clip is encoded; the decoder comes on top."""
        return Cost(with_gradient=1)

    def facts(self) -> dict[str, Any]:
        """The protocol, the mix of rates, and what is not of the release."""
        return {
            "protocol": self.options.protocol,
            "label_mix": self.drawn.shares(),
            "remarks": REMARKS,
        }

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted error plus the rate's cross-entropy; the error, and the share of hits."""
        labels = batch.drawn[:, 0]
        clip, plain = self.seen(batch, step)
        rates = torch.tensor(self.options.rates, device=labels.device)[labels]
        target, weights = target_of(plain[0], plain[1], rates == 1)
        maps = self.encoder.maps(fast_layout(clip))
        output = self.decoder(maps).to(target.dtype)
        motion = motion_map(self._pictures(plain), rates, target.shape[2])
        error = error_of(output, target, motion, weights)
        cross, right = classify(self.rate(maps), labels)
        self.drawn.add(labels)
        return error + self.options.weight * cross, {"accuracy": right, "error": error}

    def _pictures(self, plain: list[Tensor]) -> Tensor:
        """The stills, (B, 3, pieces, STILLS, S, S)."""
        pieces = max(self.options.rates)
        flat = torch.cat(plain[2:], dim=2)[:, :, : STILLS * pieces]
        return flat.unflatten(2, (pieces, STILLS))

    def seen(self, batch: Batch, step: int) -> tuple[Tensor, list[Tensor]]:
        """The clip as the encoder sees it, and all slots in [0, 1] at the decoder's size."""
        if self.options.protocol == "own":
            plain = self._plain(batch, step)
            return plain[0], [self._shrunk(clips) for clips in plain]
        alone = replace(batch, clips=batch.clips[:, :1], frames=batch.frames[:, :1])
        (clip,) = self.views(alone, step)
        together = [0] * batch.clips.shape[1]
        plain = self.views.sharing(together, together).cropped(batch)
        return clip, [self._shrunk(clips) for clips in plain]

    def _shrunk(self, clips: Tensor) -> Tensor:
        if self.shrink == 1:
            return clips
        return avg_pool2d(clips.flatten(0, 2), self.shrink).unflatten(0, clips.shape[:3])


def prp(setup: Setup) -> Method:
    """PRP in the protocol that the recipe's options name."""
    return by_protocol(setup, "prp", {"own": PRP, "fame": PRP})


METHOD = prp
