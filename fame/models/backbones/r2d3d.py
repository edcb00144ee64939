"""R-2D3D of DPC and MemDPC (Han et al., ECCV 2020): two stages over space, two over space and time.

What FAME's Table 5 calls "R3D-34" in the row of MemDPC. Read from MemDPC's public code: with
`width=64` and `pool: true` the state dict has that code's keys. The last stage has as many
channels as the one before it. There the last block has no ReLU: its output is `signed(x)` here,
and `maps(x)` is the positive part, which is also what that code gives on to its classifier.
"""

from typing import TYPE_CHECKING, Literal

from pydantic import PositiveInt

from fame.config.encoders import EncoderSettings

if TYPE_CHECKING:
    from fame.models.encoder import Encoder


class R2D3DSettings(EncoderSettings):
    """Settings of an R-2D3D.

    Attributes:
        arch: the architecture's name.
        width: channels of the stem and the first stage; the later stages have 2, 4 and 4 times as
            many.
        layers: number of residual blocks in each of the four stages; (2, 2, 2, 2) is R-2D3D-18,
            (3, 4, 6, 3) is R-2D3D-34.
        pool: whether the stem ends in the published max pool over space; without it all maps are
            twice as large, for views of few pixels.
    """

    arch: Literal["r2d3d"]
    width: PositiveInt
    layers: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt]
    pool: bool

    @property
    def feature_dim(self) -> int:
        """Channels of the fourth stage."""
        return 4 * self.width


def build(settings: R2D3DSettings) -> "Encoder":
    """Stem, pool, then four stages of residual blocks; He initialisation, as in the public code.

    Shape:
        (B, 3, T, H, W) -> (B, 4 * width). With divisions rounded up, the stages' maps are
        (B, width, T, H / 4, W / 4), (B, 2 * width, T, H / 8, W / 8),
        (B, 4 * width, T / 2, H / 16, W / 16) and (B, 4 * width, T / 4, H / 32, W / 32).
    """
    from torch import nn

    from fame.models.blocks.factorised import initialise
    from fame.models.blocks.residual import HaraBasic, HaraFlat, projection, stage
    from fame.models.colour_conv import ColourConv3d
    from fame.models.encoder import Staged

    def flat(inputs: int, outputs: int, stride: int) -> nn.Module:
        return projection(inputs, outputs, (1, stride, stride))

    width, layers = settings.width, settings.layers
    parts: dict[str, nn.Module] = {
        "conv1": ColourConv3d(3, width, (1, 7, 7), (1, 2, 2), (0, 3, 3), bias=False),
        "bn1": nn.BatchNorm3d(width),
        "relu": nn.ReLU(inplace=True),
    }
    if settings.pool:
        parts["maxpool"] = nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1))
    named = {
        "layer1": stage(width, width, layers[0], 1, HaraFlat, flat),
        "layer2": stage(width, 2 * width, layers[1], 2, HaraFlat, flat),
        "layer3": stage(2 * width, 4 * width, layers[2], 2, HaraBasic, projection),
        "layer4": stage(4 * width, 4 * width, layers[3], 2, HaraBasic, projection),
    }
    encoder = Staged({**parts, **named}, named, settings.feature_dim)
    initialise(encoder)
    return encoder


SETTINGS = R2D3DSettings
