"""S3D (Xie et al., ECCV 2018): Inception-v1 with separable 3-D kernels, torchvision's layout.

With `width=64` the state dict has the keys of `features` in torchvision's `s3d`: the parts are
numbered. BatchNorm's epsilon is TensorFlow's and torchvision's 1e-3 (one public PyTorch version has
1e-5). Its momentum is PyTorch's 0.1, where torchvision has TensorFlow's 0.001, which needs
thousands of steps. First weights are drawn from N(0, 0.01) (wave 2 of the compared methods' notes,
read in a public PyTorch version).
"""

from typing import TYPE_CHECKING, Literal

from pydantic import PositiveInt

from fame.config.encoders import EncoderSettings
from fame.models.blocks.inception_sizes import blocks, feature_dim, scaled

if TYPE_CHECKING:
    from torch import nn

    from fame.models.encoder import Encoder

_ENDS = ("0", "3", "6", "12", "15")


class S3DSettings(EncoderSettings):
    """Settings of an S3D; the published network is `width=64`.

    Attributes:
        arch: the architecture's name.
        width: channels of the first convolution; every other channel count scales by `width / 64`
            and is rounded to a multiple of 4 (at width 64 rounding changes nothing).
        initialisation: of the convolutions: `normal`, N(0, 0.01), or `he-fan-out`, which R(2+1)D
            has. Narrow convolutions from N(0, 0.01) are so small that BatchNorm's gradients throw
            them far away at the first steps of a high learning rate, and they hardly move again.
    """

    arch: Literal["s3d"]
    width: PositiveInt
    initialisation: Literal["normal", "he-fan-out"]

    @property
    def feature_dim(self) -> int:
        """Channels of the last block."""
        return feature_dim(self.width)


def build(settings: S3DSettings) -> "Encoder":
    """Stem, two convolutions, then nine Inception blocks; time shrinks by 8, space by 32.

    Shape:
        (B, 3, T, H, W) -> (B, C), where C is 1024 at width 64; the last map is
        (B, C, T / 8, H / 32, W / 32) when T is a multiple of 8 and H, W are of 32. The five stages
        end before each reduction of the map. Clips need 5 frames and 17 pixels at least.
    """
    from torch import nn

    from fame.models.blocks.factorised import initialise
    from fame.models.encoder import Staged

    encoder = Staged(_parts(settings.width), _ENDS, settings.feature_dim)
    if settings.initialisation == "he-fan-out":
        initialise(encoder)
        return encoder
    for module in encoder.modules():
        if isinstance(module, nn.Conv3d):
            nn.init.normal_(module.weight, std=0.01)
    return encoder


def _parts(width: int) -> "dict[str, nn.Module]":
    from torch import nn

    from fame.models.blocks.pooling import Pool3d
    from fame.models.blocks.separable import SeparableMixed, separable, unit

    first, last = scaled(64, width), scaled(192, width)
    mixed = {name: SeparableMixed(*sizes) for name, sizes in blocks(width).items()}

    def stage(number: str) -> list[nn.Module]:
        return [block for name, block in mixed.items() if name.startswith(number)]

    parts = [
        separable(3, first, 7, 2),
        Pool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
        unit(first, first),
        separable(first, last, 3, 1),
        Pool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
        *stage("3"),
        Pool3d(3, 2, 1),
        *stage("4"),
        Pool3d(2, 2),
        *stage("5"),
    ]
    return {str(number): part for number, part in enumerate(parts)}


SETTINGS = S3DSettings
