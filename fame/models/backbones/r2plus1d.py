"""R(2+1)D (Tran et al., CVPR 2018): residual blocks with factorised 3-D kernels.

With the published settings, `width=64, layers=(2, 2, 2, 2), round_middle=1`, the state dict has the
keys of torchvision's `r2plus1d_18` without `fc`, which are also those of the authors' checkpoints
(facts A5).
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import PositiveInt

from fame.config.encoders import EncoderSettings

if TYPE_CHECKING:
    from fame.models.encoder import Encoder


class R2Plus1DSettings(EncoderSettings):
    """Settings of an R(2+1)D.

    Attributes:
        arch: the architecture's name.
        width: channels of the stem and the first stage; the later stages have 2, 4 and 8 times as
            many.
        layers: number of residual blocks in each of the four stages.
        round_middle: the number of channels between the spatial and the temporal kernel is rounded
            to a multiple of this; 1 keeps the published numbers, 8 is faster on vector units.
    """

    temporal_kernels: ClassVar[bool] = True

    arch: Literal["r2plus1d"]
    width: PositiveInt
    layers: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt]
    round_middle: PositiveInt

    @property
    def feature_dim(self) -> int:
        """Channels of the fourth stage."""
        return 8 * self.width

    @property
    def torchvision(self) -> str | None:
        """`r2plus1d_18` for the published size."""
        return (
            "r2plus1d_18"
            if (self.width, self.layers, self.round_middle) == (64, (2, 2, 2, 2), 1)
            else None
        )


def build(settings: R2Plus1DSettings) -> "Encoder":
    """A (2+1)D stem, then four stages of residual blocks; time shrinks by 8, space by 16.

    Shape:
        (B, 3, T, H, W) -> (B, 8 * width). With divisions rounded up, the stages' maps are
        (B, width, T, H / 2, W / 2), (B, 2 * width, T / 2, H / 4, W / 4) and so on to
        (B, 8 * width, T / 8, H / 16, W / 16).
    """
    from fame.models.blocks.factorised import initialise, stage, stem
    from fame.models.encoder import Staged

    width, layers, multiple = settings.width, settings.layers, settings.round_middle
    parts = {
        "stem": stem(width, multiple),
        "layer1": stage(width, width, layers[0], 1, multiple),
        "layer2": stage(width, 2 * width, layers[1], 2, multiple),
        "layer3": stage(2 * width, 4 * width, layers[2], 2, multiple),
        "layer4": stage(4 * width, 8 * width, layers[3], 2, multiple),
    }
    encoder = Staged(parts, ("layer1", "layer2", "layer3", "layer4"), settings.feature_dim)
    initialise(encoder)
    return encoder


SETTINGS = R2Plus1DSettings
