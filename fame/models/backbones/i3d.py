"""I3D (Carreira & Zisserman, CVPR 2017): Inception-v1 with 3-D kernels, in any width.

Module names are those of the authors' checkpoints (facts A5), so that these load without renaming.
"""

from typing import TYPE_CHECKING, Literal

from pydantic import PositiveInt

from fame.config.encoders import EncoderSettings

if TYPE_CHECKING:
    from fame.models.encoder import Encoder

Branches = tuple[int, int, int, int, int, int]

_PUBLISHED_WIDTH = 64
_MULTIPLE = 4
_COLOURS = 3

# Channels at width 64: 1x1; 1x1, then 3x3; 1x1, then 3x3; the 1x1 after the pool.
_MIXED: dict[str, Branches] = {
    "mixed_3b": (64, 96, 128, 16, 32, 32),
    "mixed_3c": (128, 128, 192, 32, 96, 64),
    "mixed_4b": (192, 96, 208, 16, 48, 64),
    "mixed_4c": (160, 112, 224, 24, 64, 64),
    "mixed_4d": (128, 128, 256, 24, 64, 64),
    "mixed_4e": (112, 144, 288, 32, 64, 64),
    "mixed_4f": (256, 160, 320, 32, 128, 128),
    "mixed_5b": (256, 160, 320, 32, 128, 128),
    "mixed_5c": (384, 192, 384, 48, 128, 128),
}


class I3DSettings(EncoderSettings):
    """Settings of an I3D; the published network is `width=64`.

    Attributes:
        arch: the architecture's name.
        width: channels of the first convolution; every other channel count scales by `width / 64`
            and is rounded to a multiple of 4 (at width 64 rounding changes nothing).
    """

    arch: Literal["i3d"]
    width: PositiveInt

    @property
    def feature_dim(self) -> int:
        """Channels of the last block: the sum of its four branches."""
        a, _, b, _, c, d = _scaled(_MIXED["mixed_5c"], self.width)
        return a + b + c + d


def build(settings: I3DSettings) -> "Encoder":
    """Three convolutions, then nine Inception blocks; time shrinks by 8, space by 32.

    Shape:
        (B, 3, T, H, W) -> (B, C), where C is 1024 at width 64; the last map is
        (B, C, T / 8, H / 32, W / 32) when T and H, W are multiples of 8 and 32. The five stages
        end before each reduction of the map: after the first convolution, and before each pool.
    """
    from fame.models.blocks.inception import Mixed, SamePool3d, Unit3D
    from fame.models.encoder import Staged

    width = settings.width
    first, last = _scale(64, width), _scale(192, width)

    def mixed(number: int, inputs: int) -> dict[str, Mixed]:
        """The blocks of one stage, by name."""
        blocks: dict[str, Mixed] = {}
        for name in (name for name in _MIXED if name.startswith(f"mixed_{number}")):
            blocks[name] = Mixed(inputs, _scaled(_MIXED[name], width))
            inputs = blocks[name].outputs
        return blocks

    # In the order of execution, which is also that of the official state dict.
    parts = {
        "conv3d_1a_7x7": Unit3D(_COLOURS, first, (7, 7, 7), (2, 2, 2)),
        "maxpool3d_2a_3x3": SamePool3d((1, 3, 3), (1, 2, 2)),
        "conv3d_2b_1x1": Unit3D(first, first),
        "conv3d_2c_3x3": Unit3D(first, last, (3, 3, 3)),
        "maxpool3d_3a_3x3": SamePool3d((1, 3, 3), (1, 2, 2)),
        **(third := mixed(3, last)),
        "maxpool3d_4a_3x3": SamePool3d((3, 3, 3), (2, 2, 2)),
        **(fourth := mixed(4, third["mixed_3c"].outputs)),
        "maxpool3d_5a_2x2": SamePool3d((2, 2, 2), (2, 2, 2)),
        **mixed(5, fourth["mixed_4f"].outputs),
    }
    ends = ("conv3d_1a_7x7", "conv3d_2c_3x3", "mixed_3c", "mixed_4f", "mixed_5c")
    return Staged(parts, ends, settings.feature_dim)


def _scale(channels: int, width: int) -> int:
    """A channel count of the published network at another width: a multiple of 4, at least 4."""
    return max(1, int(channels * width / _PUBLISHED_WIDTH / _MULTIPLE + 0.5)) * _MULTIPLE


def _scaled(branches: Branches, width: int) -> tuple[int, ...]:
    return tuple(_scale(channels, width) for channels in branches)


SETTINGS = I3DSettings
