"""C3D (Tran et al., ICCV 2015) with BatchNorm: eight 3 x 3 x 3 convolutions and four pools.

This is the form of VCOP's public code, which VCP, PRP, Pace and RSPNet use too: no fifth
pool, no fully connected layers, but the mean over space and time. With `width=64` the state dict
has that code's keys without the classifier. The network of 2015 had no BatchNorm and two layers
of 4096 (from general knowledge, not confirmed by anything read).
"""

from typing import TYPE_CHECKING, Literal

from pydantic import PositiveInt

from fame.config.encoders import EncoderSettings

if TYPE_CHECKING:
    from torch import nn

    from fame.models.encoder import Encoder

# Each convolution, its channels in units of the width, and the pool after it, if there is one.
_LAYERS: tuple[tuple[str, int, tuple[int, int, int] | None], ...] = (
    ("1", 1, (1, 2, 2)),
    ("2", 2, (2, 2, 2)),
    ("3a", 4, None),
    ("3b", 4, (2, 2, 2)),
    ("4a", 8, None),
    ("4b", 8, (2, 2, 2)),
    ("5a", 8, None),
    ("5b", 8, None),
)
_ENDS = ("relu1", "relu2", "relu3b", "relu4b", "relu5b")


class C3DSettings(EncoderSettings):
    """Settings of a C3D.

    Attributes:
        arch: the architecture's name.
        width: channels of the first convolution; the others have 2, 4 and 8 times as many.
    """

    arch: Literal["c3d"]
    width: PositiveInt

    @property
    def feature_dim(self) -> int:
        """Channels of the last convolution."""
        return 8 * self.width


def build(settings: C3DSettings) -> "Encoder":
    """Five stages with a pool between each two; PyTorch's initialisation, as in that code.

    Shape:
        (B, 3, T, H, W) -> (B, 8 * width). With divisions rounded down, the stages' maps, taken
        before each pool, are (B, width, T, H, W), (B, 2 * width, T, H / 2, W / 2),
        (B, 4 * width, T / 2, H / 4, W / 4) and so on to (B, 8 * width, T / 8, H / 16, W / 16).
        Clips need at least 8 frames of 16 pixels.
    """
    from fame.models.encoder import Staged

    return Staged(_parts(settings.width), _ENDS, settings.feature_dim)


def _parts(width: int) -> "dict[str, nn.Module]":
    from torch import nn

    from fame.models.blocks.pooling import Pool3d
    from fame.models.colour_conv import ColourConv3d

    parts: dict[str, nn.Module] = {}
    inputs = 3
    for name, multiple, pool in _LAYERS:
        convolution = nn.Conv3d if parts else ColourConv3d
        outputs = multiple * width
        parts[f"conv{name}"] = convolution(inputs, outputs, 3, padding=1)
        parts[f"bn{name}"] = nn.BatchNorm3d(outputs)
        parts[f"relu{name}"] = nn.ReLU(inplace=True)
        if pool is not None:
            parts[f"pool{name[0]}"] = Pool3d(pool)
        inputs = outputs
    return parts


SETTINGS = C3DSettings
