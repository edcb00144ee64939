"""3DRotNet (Jing, Yang, Liu & Tian, 2018, https://arxiv.org/abs/1811.11387).

A whole clip is turned by 0, 90, 180 or 270 degrees, and the network predicts which. Views
(B, 3, T, S, S) are turned when they are finished: pixels only change places, and the flip comes
first (a flip after a turn would make 90 and 270 degrees the same). All turns of a clip are in one
batch, (B * turns, 3, T, S, S), video by video, and give (B * turns, 4) logits.

Crops have aspect 1 in both protocols: wider crops are squeezed sideways, and a quarter turn
would show as a vertical squeeze.

`protocol: own` is the release: its stride, all four turns, no change of colours, and its head,
Linear - ReLU - Linear. `protocol: fame` has our clips and colours, one linear layer, and as many
turns of each clip as the recipe says, drawn without repetition.

Left out: the tilt of up to 10 degrees, whose black corners turn with the clip, and the release's
mean and standard deviation. Crops, epochs, batch and optimiser are the scale's, for an equal
budget. The release detaches the shortcuts of its network; our backbones do not. The number of
epochs in the paper is unknown.
"""

from typing import Annotated, Any, Literal

from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from fame.augment.views import Views
from fame.core.schema import Model, Positive
from fame.data.clips.batch import Batch
from fame.data.clips.sampling import Draw, RandomClips, window
from fame.models.encoder import Encoder
from fame.pretext.common import Cost, Method, Setup
from fame.pretext.toolbox.keyed import orders
from fame.pretext.toolbox.losses.contrast import hits
from fame.pretext.toolbox.losses.wide import wide
from fame.pretext.toolbox.protocols import by_protocol
from fame.pretext.toolbox.views.rearranged import TURNS, rearranged
from fame.pretext.toolbox.views.slots import interleaved


class LikeWithLike(Model):
    """Options of `protocol: fame`.

    Attributes:
        turns: how many different turns of each clip a step encodes; 4 in the release.
    """

    protocol: Literal["fame"]
    turns: Annotated[int, Field(ge=1, le=TURNS, examples=[4])]


class AsReleased(Model):
    """Options of `protocol: own`; the examples are the release's values.

    Attributes:
        stride: native frames from one frame of a clip to the next, instead of the backbone's.
        hidden: size of the head's hidden layer.
    """

    protocol: Literal["own"]
    stride: Annotated[Positive, Field(examples=[2])]
    hidden: Annotated[Positive, Field(examples=[64])]


class RotNet(Method):
    """Our clips and views, one linear layer."""

    clips = 1
    stride: int | None = None
    encoder: Encoder

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._seed = setup.run.seed
        self.encoder = setup.encoder
        self.views: Views = setup.views.with_settings(crop_aspect=(1.0, 1.0))
        self.configure(setup)

    def configure(self, setup: Setup) -> None:
        """Read the protocol's options and build its head."""
        self.turns = setup.read_options(LikeWithLike, "rotnet3d").turns
        self.head: nn.Module = setup.head(lambda: nn.Linear(setup.encoder.feature_dim, TURNS))

    def sampling(self, frames: int, stride: int) -> Draw:
        """One random clip."""
        return RandomClips(frames, self.stride or stride, self.clips)

    def span(self, frames: int, stride: int) -> int:
        """The window of a clip."""
        return window(frames, self.stride or stride)

    def chance(self, batch: int) -> float | None:
        """A quarter."""
        return 1 / TURNS

    def cost(self) -> Cost:
        """Every turn of the clip."""
        return Cost(self.turns)

    def facts(self) -> dict[str, Any]:
        """The protocol, and what differs from the release."""
        protocol = "fame" if self.stride is None else "own"
        return {"protocol": protocol, "remarks": ["square crops", "without the release's tilt"]}

    def loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Cross-entropy over all turned clips, and the share whose turn is predicted correctly."""
        (clips,) = self.views(batch, step)
        turns = orders(self._seed, "turns", batch, TURNS)[:, : self.turns]
        labels = turns.flatten().to(clips.device)
        many = rearranged(interleaved([clips] * self.turns), turns.flatten())
        logits = wide(self.head(self.encoder(many)))
        return cross_entropy(logits, labels), {"accuracy": hits(logits, labels)}


class ReleasedRotNet(RotNet):
    """The release's clips, four turns, no colours, and its head with one hidden layer."""

    turns = TURNS

    def configure(self, setup: Setup) -> None:
        """Read the protocol's options and build its head."""
        options = setup.read_options(AsReleased, "rotnet3d")
        self.stride, self.views = options.stride, self.views.uncoloured()
        self.head = setup.head(
            lambda: nn.Sequential(
                nn.Linear(setup.encoder.feature_dim, options.hidden),
                nn.ReLU(inplace=True),
                nn.Linear(options.hidden, TURNS),
            )
        )


def rotnet(setup: Setup) -> Method:
    """3DRotNet in the protocol that the recipe's options name."""
    return by_protocol(setup, "rotnet3d", {"own": ReleasedRotNet, "fame": RotNet})


METHOD = rotnet
