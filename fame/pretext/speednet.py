"""SpeedNet (Benaim et al., CVPR 2020, https://arxiv.org/abs/2004.06130).

One window of a video is played at about normal speed (slot 0) and about twice as fast (slot 1), and
the network says which clip is fast. Frames are dropped at random, each with probability 1 - 1 / f;
the first T that are left are the clip. f is uniform in `normal` or `fast`, and both versions of a
window use the same random numbers. Frames are native ones, whatever the backbone's stride. Both
versions share crop, flip, colours and size, so that only time differs; the size is drawn for
each step. Views (B, 3, T, N, N) of both slots form one batch, video by video. The encoder's map
(2 B, C, t, h, w) gives one logit: the maximum over space, the mean over time, a linear layer.

`protocol: own` takes windows of 3 T frames, as whole frames without flip or colours.
`protocol: fame` takes windows of 4 T frames, in which T frames are left far more often, and
the scale's views. Where fewer are left, the frames that came closest to staying fill up the clip.

There is no official code: sampling, sizes and loss follow an independent re-implementation. The
head without a hidden layer and the window are recalled from the paper. Left out: the
paper's S3D-G with time strides of 1 (any backbone serves, with its own strides) and its optimiser,
which is unknown; the scale's is used, for an equal budget.
"""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from fame.config.scale import Protocol
from fame.core.errors import FameError
from fame.core.randomness import generator as keyed
from fame.core.schema import Model, PositiveFloat
from fame.data.clips.batch import Batch
from fame.data.clips.sampling import Draw, number_of_starts
from fame.models.encoder import Encoder, fast_layout
from fame.pretext.common import Method, Setup
from fame.pretext.toolbox.draws.rates import survivors
from fame.pretext.toolbox.losses.wide import wide
from fame.pretext.toolbox.protocols import by_protocol, need_frames
from fame.pretext.toolbox.views.slots import interleaved

Factor = Annotated[float, Field(ge=1)]
WINDOWS = {"own": 3, "fame": 4}
"""Length of the window that both versions are cut from, in clips."""
LEAST = 4
"""Frames of a clip; in a shorter one hardly any frame is dropped."""


class Options(Model):
    """Options of both protocols; the examples are the published values.

    Attributes:
        protocol: window and views.
        normal: lowest and highest factor of a clip at normal speed.
        fast: likewise of a fast one.
        sizes: lowest and highest side of the views, as a share of the backbone's size.
    """

    protocol: Protocol
    normal: Annotated[tuple[Factor, Factor], Field(examples=[[1.0, 1.2]])]
    fast: Annotated[tuple[Factor, Factor], Field(examples=[[1.7, 2.2]])]
    sizes: Annotated[tuple[PositiveFloat, PositiveFloat], Field(examples=[[0.2857, 1.5]])]


@dataclass(frozen=True)
class TwoSpeeds:
    """Draw two versions of one window: at about normal speed, and fast.

    Attributes:
        frames: of a clip.
        length: of the window, in native frames; a shorter video loops.
        normal: range of the first version's factor.
        fast: range of the second's.
    """

    frames: int
    length: int
    normal: tuple[float, float]
    fast: tuple[float, float]

    def __call__(self, n: int, generator: np.random.Generator) -> np.ndarray:
        """Frame numbers (2, frames) int64 in a video of `n` frames."""
        start = int(generator.integers(number_of_starts(n, self.length, 1)))
        factors = [generator.uniform(*span) for span in (self.normal, self.fast)]
        uniforms = generator.random(self.length)
        kept = [survivors(uniforms, factor, self.frames) for factor in factors]
        return (start + np.stack(kept)) % n


class SpeedNet(Method):
    """An encoder, and one linear layer on its map's maximum over space."""

    encoder: Encoder

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.options = options = setup.read_options(Options, "speednet")
        self._seed = setup.run.seed
        low, high = (round(share * setup.views.size) for share in options.sizes)
        self._sizes = range(low, high)
        self._refuse_ranges()
        self.encoder = setup.encoder
        views = setup.views.sharing(crops=(0, 0), colours=(0, 0))
        self.views = views.uncoloured().whole_frames() if options.protocol == "own" else views
        self.linear = setup.head(lambda: nn.Linear(setup.encoder.feature_dim, 1))

    def _refuse_ranges(self) -> None:
        options, sizes = self.options, self._sizes
        rising = [*options.normal, *options.fast]
        if rising != sorted(rising) or not sizes or sizes[0] < 1:
            raise FameError(
                "options of the method 'speednet': normal and fast must rise together, as in "
                "[1.0, 1.2] and [1.7, 2.2], and sizes from a pixel up, as in [0.2857, 1.5] "
                f"(here from {sizes.start} to {sizes.stop} pixels)"
            )

    def sampling(self, frames: int, stride: int) -> Draw:
        """Both versions of a window of native frames."""
        need_frames("speednet", LEAST, frames)
        self._refuse_small_maps(frames)
        length = self.span(frames, stride)
        return TwoSpeeds(frames, length, self.options.normal, self.options.fast)

    def _refuse_small_maps(self, frames: int) -> None:
        """Try the smallest views, of which some backbones' pooling would leave nothing."""
        like, side = next(self.encoder.parameters()), self._sizes.start
        training = self.encoder.training
        try:
            with torch.no_grad():
                self.encoder.eval().maps(like.new_zeros(1, 3, frames, side, side))
        except RuntimeError as error:
            raise FameError(
                f"the backbone cannot take speednet's smallest views, {frames} frames of {side} "
                f"pixels ({error}); raise the lower end of options.sizes"
            ) from None
        finally:
            self.encoder.train(training)

    def span(self, frames: int, stride: int) -> int:
        """The window."""
        return WINDOWS[self.options.protocol] * frames

    def chance(self, batch: int) -> float | None:
        """A half."""
        return 0.5

    def facts(self) -> dict[str, Any]:
        """The protocol, and what the method rests on."""
        remarks = [
            "sampling, sizes and loss from an independent re-implementation, no official code",
            "head and window recalled from the paper",
        ]
        return {"protocol": self.options.protocol, "remarks": remarks}

    def size(self, step: int) -> int:
        """Side of a step's views in pixels, the same in every process."""
        return int(keyed(self._seed, "view size", step).choice(self._sizes))

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Binary cross-entropy over both versions, and the share of clips judged correctly."""
        views = self.views.sized(self.size(step))(batch, step)
        logits = self.logits(interleaved(views))
        fast = torch.arange(len(logits), device=logits.device) % 2
        right = ((logits > 0) == (fast > 0)).float().mean()
        return binary_cross_entropy_with_logits(logits, fast.to(logits)), {"accuracy": right}

    def logits(self, clips: Tensor) -> Tensor:
        """Above 0 for fast: clips (B, 3, T, N, N) to (B,) in float32."""
        maps = self.encoder.maps(fast_layout(clips))
        return wide(self.linear(maps.amax(dim=(3, 4)).mean(dim=2)))[:, 0]


def speednet(setup: Setup) -> Method:
    """SpeedNet in the protocol that the recipe's options name."""
    return by_protocol(setup, "speednet", {"own": SpeedNet, "fame": SpeedNet})


METHOD = speednet
