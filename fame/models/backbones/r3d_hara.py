"""R3D in the layout of Hara et al. (CVPR Workshops 2018): a 7 x 7 x 7 stem and a max pool.

The "ResNet-18" or "R3D-18" of RSPNet (`shortcut="B"`, `pool="clip"`), 3DRotNet (`shortcut="A"`,
`pool="clip"`) and MLRep (`shortcut="B"`, `pool="frame"`), read from their public code; with
`width=64` the state dict has that code's keys without the classifier. 3DRotNet's code cuts the
gradient of its shortcuts, surely by accident; here it flows.
"""

from typing import TYPE_CHECKING, Literal

from pydantic import PositiveInt

from fame.config.encoders import EncoderSettings

if TYPE_CHECKING:
    from fame.models.encoder import Encoder


class HaraR3DSettings(EncoderSettings):
    """Settings of an R3D in Hara's layout.

    Attributes:
        arch: the architecture's name.
        width: channels of the stem and the first stage; the later stages have 2, 4 and 8 times as
            many.
        layers: number of residual blocks in each of the four stages; (2, 2, 2, 2) is R3D-18.
        shortcut: where a stage changes the shape: "A" picks every second position and adds zero
            channels, "B" is a 1 x 1 x 1 convolution with BatchNorm.
        pool: the stem's max pool halves space and time ("clip") or space only ("frame").
    """

    arch: Literal["r3d_hara"]
    width: PositiveInt
    layers: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt]
    shortcut: Literal["A", "B"]
    pool: Literal["clip", "frame"]

    @property
    def feature_dim(self) -> int:
        """Channels of the fourth stage."""
        return 8 * self.width


def build(settings: HaraR3DSettings) -> "Encoder":
    """Stem, pool, then four stages of residual blocks; He initialisation, as in the public code.

    Shape:
        (B, 3, T, H, W) -> (B, 8 * width). With divisions rounded up, the stages' maps are
        (B, width, T / 2, H / 4, W / 4) to (B, 8 * width, T / 16, H / 32, W / 32); with
        `pool="frame"` they have twice as many frames.
    """
    from torch import nn

    from fame.models.blocks.factorised import initialise
    from fame.models.blocks.residual import HaraBasic, ZeroPadded, projection, stages
    from fame.models.colour_conv import ColourConv3d
    from fame.models.encoder import Staged

    def padded(inputs: int, outputs: int, stride: int) -> nn.Module:
        return ZeroPadded(outputs, stride)

    width = settings.width
    over_time = settings.pool == "clip"
    kernel, stride, padding = (3, 2, 1) if over_time else (1, 1, 0)
    parts = {
        "conv1": ColourConv3d(3, width, 7, stride=(1, 2, 2), padding=3, bias=False),
        "bn1": nn.BatchNorm3d(width),
        "relu": nn.ReLU(inplace=True),
        "maxpool": nn.MaxPool3d((kernel, 3, 3), (stride, 2, 2), (padding, 1, 1)),
    }
    shortcut = projection if settings.shortcut == "B" else padded
    layers = stages(width, settings.layers, HaraBasic, shortcut)
    encoder = Staged({**parts, **layers}, layers, settings.feature_dim)
    initialise(encoder)
    return encoder


SETTINGS = HaraR3DSettings
