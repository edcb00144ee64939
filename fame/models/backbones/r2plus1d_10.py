"""The ten-layer R(2+1)D of VCOP: one residual block a stage, every convolution factorised.

Five rows of Table 5 call this network "R(2+1)D": VCOP, PRP, Pace and RSPNet by their public code,
VCP by inference. FAME's own R(2+1)D has eighteen layers (`r2plus1d`). With `width=64` the state
dict has the keys of that code without the classifier.
"""

from typing import TYPE_CHECKING, Literal

from pydantic import PositiveInt

from fame.config.encoders import EncoderSettings

if TYPE_CHECKING:
    from fame.models.encoder import Encoder


class R2Plus1D10Settings(EncoderSettings):
    """Settings of a ten-layer R(2+1)D.

    Attributes:
        arch: the architecture's name.
        width: channels of the stem and the first stage; the later stages have 2, 4 and 8 times as
            many.
    """

    arch: Literal["r2plus1d_10"]
    width: PositiveInt

    @property
    def feature_dim(self) -> int:
        """Channels of the fourth stage."""
        return 8 * self.width


def build(settings: R2Plus1D10Settings) -> "Encoder":
    """A factorised stem, then four blocks; PyTorch's initialisation, as in that code.

    Shape:
        (B, 3, T, H, W) -> (B, 8 * width). With divisions rounded up, the stages' maps are
        (B, width, T, H / 2, W / 2), (B, 2 * width, T / 2, H / 4, W / 4) and so on to
        (B, 8 * width, T / 8, H / 16, W / 16).
    """
    from torch import nn

    from fame.models.blocks.factorised_each import Factorised, FactorisedBasic
    from fame.models.encoder import Staged

    width = settings.width

    def stage(inputs: int, outputs: int) -> nn.Sequential:
        named = nn.Sequential()
        named.add_module("block1", FactorisedBasic(inputs, outputs, halve=outputs != inputs))
        return named

    stages = {
        "conv2": stage(width, width),
        "conv3": stage(width, 2 * width),
        "conv4": stage(2 * width, 4 * width),
        "conv5": stage(4 * width, 8 * width),
    }
    parts = {
        "conv1": Factorised(3, width, (3, 7, 7), (1, 2, 2)),
        "bn1": nn.BatchNorm3d(width),
        "relu1": nn.ReLU(inplace=True),
        **stages,
    }
    return Staged(parts, stages, settings.feature_dim)


SETTINGS = R2Plus1D10Settings
