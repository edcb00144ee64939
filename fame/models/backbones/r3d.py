"""R3D (Tran et al., CVPR 2018): residual blocks of full 3 x 3 x 3 kernels, torchvision's layout.

`width=64` with `layers=(2, 2, 2, 2)` is R3D-18, whose state dict has the keys of torchvision's
`r3d_18` without `fc`; `layers=(3, 4, 6, 3)` is R3D-34 and `(1, 1, 1, 1)` computes what the
ten-layer "R3D" of VCOP does, under other names.
"""

from typing import TYPE_CHECKING, Literal

from pydantic import PositiveInt

from fame.config.encoders import EncoderSettings

if TYPE_CHECKING:
    from fame.models.encoder import Encoder


class R3DSettings(EncoderSettings):
    """Settings of an R3D.

    Attributes:
        arch: the architecture's name.
        width: channels of the stem and the first stage; the later stages have 2, 4 and 8 times as
            many.
        layers: number of residual blocks in each of the four stages.
    """

    arch: Literal["r3d"]
    width: PositiveInt
    layers: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt]

    @property
    def feature_dim(self) -> int:
        """Channels of the fourth stage."""
        return 8 * self.width

    @property
    def torchvision(self) -> str | None:
        """`r3d_18` for the published size."""
        return "r3d_18" if (self.width, self.layers) == (64, (2, 2, 2, 2)) else None


def build(settings: R3DSettings) -> "Encoder":
    """A stem, then four stages of residual blocks; He initialisation, as in torchvision.

    Shape:
        (B, 3, T, H, W) -> (B, 8 * width). With divisions rounded up, the stages' maps are
        (B, width, T, H / 2, W / 2), (B, 2 * width, T / 2, H / 4, W / 4) and so on to
        (B, 8 * width, T / 8, H / 16, W / 16).
    """
    from torch import nn

    from fame.models.blocks.factorised import initialise
    from fame.models.blocks.residual import Basic, projection, stages
    from fame.models.colour_conv import ColourConv3d
    from fame.models.encoder import Staged

    width = settings.width
    stem = nn.Sequential(
        ColourConv3d(3, width, (3, 7, 7), stride=(1, 2, 2), padding=(1, 3, 3), bias=False),
        nn.BatchNorm3d(width),
        nn.ReLU(inplace=True),
    )
    layers = stages(width, settings.layers, Basic, projection)
    encoder = Staged({"stem": stem, **layers}, layers, settings.feature_dim)
    initialise(encoder)
    return encoder


SETTINGS = R3DSettings
