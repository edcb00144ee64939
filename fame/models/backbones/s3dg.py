"""S3D-G (Xie et al., ECCV 2018): S3D with gates, which scale the channels of a map by its means.

In the layout of Pace's public code: a plain 3 x 7 x 7 stem, TensorFlow's SAME padding of the pools,
gates on all four branches of a block and one after the second stage. With `width=64` the state dict
has that code's keys without the classifier. RSPNet's version differs: a separable 7 x 7 x 7 stem,
gates after separable convolutions only, BatchNorm's epsilon 1e-3.
"""

from typing import TYPE_CHECKING, Literal

from pydantic import PositiveInt

from fame.config.encoders import EncoderSettings
from fame.models.blocks.inception_sizes import blocks, feature_dim, scaled

if TYPE_CHECKING:
    from fame.models.encoder import Encoder


class S3DGSettings(EncoderSettings):
    """Settings of an S3D-G; the published network is `width=64`.

    Attributes:
        arch: the architecture's name.
        width: channels of the first convolution; every other channel count scales by `width / 64`
            and is rounded to a multiple of 4 (at width 64 rounding changes nothing).
        time_stride: over time, of the stem and of the two pools that reduce time. Pace has 2;
            SpeedNet has 1 (read in an independent re-implementation) and so keeps every frame.
    """

    arch: Literal["s3dg"]
    width: PositiveInt
    time_stride: Literal[1, 2]

    @property
    def feature_dim(self) -> int:
        """Channels of the last block."""
        return feature_dim(self.width)


def build(settings: S3DGSettings) -> "Encoder":
    """Three convolutions, then nine Inception blocks; PyTorch's initialisation, as in that code.

    Shape:
        (B, 3, T, H, W) -> (B, C), where C is 1024 at width 64; the last map is
        (B, C, T / 8, H / 32, W / 32), rounded up, or (B, C, T, H / 32, W / 32) with a time stride
        of 1. The five stages end after the first convolution, and before each later pool.
    """
    from fame.models.blocks.gated import Gate, GatedMixed, SeparableUnit, Unit
    from fame.models.blocks.inception import SamePool3d
    from fame.models.encoder import Staged

    width, stride = settings.width, (settings.time_stride, 2, 2)
    first, last = scaled(64, width), scaled(192, width)
    mixed = {f"mixed_{name}": GatedMixed(*sizes) for name, sizes in blocks(width).items()}

    def stage(number: int) -> dict[str, GatedMixed]:
        return {name: block for name, block in mixed.items() if name.startswith(f"mixed_{number}")}

    # In the order of execution, which is also that of the public code's state dict.
    parts = {
        "conv1": Unit(3, first, (3, 7, 7), stride),
        "maxpool_2a": SamePool3d((1, 3, 3), (1, 2, 2)),
        "conv_2b": Unit(first, first),
        "conv_2c": SeparableUnit(first, last),
        "gating": Gate(last),
        "maxpool_3a": SamePool3d((1, 3, 3), (1, 2, 2)),
        **stage(3),
        "maxpool_4a": SamePool3d((3, 3, 3), stride),
        **stage(4),
        "maxpool_5a": SamePool3d((2, 2, 2), stride),
        **stage(5),
    }
    ends = ("conv1", "gating", "mixed_3c", "mixed_4f", "mixed_5c")
    return Staged(parts, ends, settings.feature_dim)


SETTINGS = S3DGSettings
