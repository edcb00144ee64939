"""CBT, video only (Sun et al., 2019): a transformer says which window of a video is masked.

A reconstruction: no code was found; the abstract, summaries by others and general knowledge are
what it rests on. `REMARKS` lists what was recalled or inferred. Only the visual part is here, which
is what FAME's Table 5 compares with; the full method also reads speech.

W windows of one video, one after the other and with one crop, flip and colours, are encoded and
pooled, (B, W, C), and a linear layer makes them x, (B, W, D). One window at random is replaced by a
learned vector; with learned positions added, a bidirectional transformer gives y, (B, D), at that
place. The loss is the cross-entropy of y's dot products with all x, those of the masked window
itself, of the others of the video and of all other videos of the batch. Windows with the very
frames of the masked one, as a video that loops has them, are left out. The encoder alone is handed
on.

`protocol: own` takes the dot products as they are. `protocol: fame` takes unit vectors, the
scale's temperature and its views.
"""

from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from fame.config.methods import MoCo as Settings
from fame.core.schema import Model, Positive
from fame.data.clips.batch import Batch
from fame.data.clips.sampling import Draw, window
from fame.pretext.common import Method, Setup
from fame.pretext.toolbox.draws.windows import Windows, repeats
from fame.pretext.toolbox.heads.context import Context
from fame.pretext.toolbox.keyed import kept
from fame.pretext.toolbox.losses.contrast import hits
from fame.pretext.toolbox.losses.masked import hits_in_video, masked_scores
from fame.pretext.toolbox.losses.together import together
from fame.pretext.toolbox.losses.wide import wide
from fame.pretext.toolbox.protocols import by_options

USES = ("moco",)
RECONSTRUCTION = True

REMARKS = [
    "a reconstruction, of the visual part only: no code was found; the abstract and summaries by "
    "others are what it rests on",
    "the loss and the transformer's two layers are recalled; its other sizes, the number of "
    "windows, sampling and views are inferred",
    "dropout is of the transformer's input, as after BERT's embeddings, and not within its layers",
    "accuracy and chance are among all windows of the batch; `within` is among those of the video",
]


class LikeWithLike(Model):
    """Options of `protocol: fame`.

    Attributes:
        windows: of a video, W; each has the backbone's frames.
        stride: native frames from one frame of a window to the next.
        layers: of the transformer.
        heads: of its attention.
        width: of its vectors, D.
        hidden: width of its feed-forward parts.
        dropout: of its input.
    """

    protocol: Literal["fame"]
    windows: Annotated[int, Field(ge=2, examples=[4])]
    stride: Annotated[Positive, Field(examples=[2])]
    layers: Annotated[Positive, Field(examples=[2])]
    heads: Annotated[Positive, Field(examples=[4])]
    width: Annotated[Positive, Field(examples=[256])]
    hidden: Annotated[Positive, Field(examples=[1024])]
    dropout: Annotated[float, Field(ge=0, lt=1, examples=[0.1])]


class AsReconstructed(LikeWithLike):
    """Options of `protocol: own`."""

    protocol: Literal["own"]  # type: ignore[assignment]


class CBT(Method):
    """An encoder, a linear layer, and a transformer over windows."""

    def __init__(self, setup: Setup, options: LikeWithLike | AsReconstructed) -> None:
        super().__init__(setup)
        self.options, self.encoder = options, setup.encoder
        self._world, self._seed = setup.world, setup.run.seed
        self.unit = options.protocol == "fame"
        self.temperature = setup.section("moco", Settings).temperature if self.unit else 1.0
        count, width = options.windows, options.width
        self.clips = count
        self.views = setup.views.sharing(crops=[0] * count, colours=[0] * count)
        dim, sizes = setup.encoder.feature_dim, (options.layers, options.heads, options.hidden)
        self.linear = setup.head(lambda: nn.Linear(dim, width))
        self.context = setup.head(lambda: Context(count, width, *sizes), "context")
        self.to(setup.world.device)

    def sampling(self, frames: int, stride: int) -> Draw:
        """Windows one after the other at the recipe's stride, and the one to mask."""
        return Windows(frames, self.options.stride, self.options.windows)

    def span(self, frames: int, stride: int) -> int:
        """All windows."""
        return window(self.options.windows * frames, self.options.stride)

    def chance(self, batch: int) -> float | None:
        """1 / the windows of the batch."""
        return 1 / (batch * self.options.windows)

    def facts(self) -> dict[str, Any]:
        """The protocol, the kind of negatives, and what is reconstructed."""
        return {"protocol": self.options.protocol, "negatives": "in-batch", "remarks": REMARKS}

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """The cross-entropy; shares of windows found among all, and among those of their video."""
        masked = batch.drawn[:, 0]
        windows = [self.linear(self.encoder(view)) for view in self.views(batch, step)]
        true = wide(torch.stack(windows, dim=1))
        guess = wide(self.context(true, masked, self._keep(batch, true)))
        if self.unit:
            true, guess = normalize(true, dim=2), normalize(guess, dim=1)
        gather, count = self._world.gather, self.options.windows
        places, same = gather(masked), gather(repeats(batch.frames, masked).byte()).bool()
        everyones = together(self._world, guess), together(self._world, true)
        logits = masked_scores(*everyones, same, self.temperature)
        targets = torch.arange(len(places), device=places.device) * count + places
        flat, held = logits.flatten(1), logits.detach()
        right = hits(held.flatten(1), targets)
        loss = cross_entropy(flat, targets)
        return loss, {"accuracy": right, "within": hits_in_video(held, places)}

    def _keep(self, batch: Batch, vectors: Tensor) -> Tensor:
        if not self.training or self.options.dropout == 0:
            return torch.ones_like(vectors)
        shape = vectors.shape[1:]
        factors = kept(self._seed, batch, shape.numel(), self.options.dropout)
        return factors.to(vectors).unflatten(1, shape)


def cbt(setup: Setup) -> Method:
    """CBT in the protocol that the recipe's options name."""
    return by_options(setup, "cbt", CBT, {"own": AsReconstructed, "fame": LikeWithLike})


METHOD = cbt
