"""I3D (Carreira & Zisserman, CVPR 2017): Inception-v1 with 3-D kernels, in any width.

Module names are those of the authors' checkpoints (facts A5), so that these load without renaming.
"""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, PositiveInt

from fame.config.encoders import EncoderSettings
from fame.models.blocks.inception_sizes import PLACES, branches, outputs, scaled

if TYPE_CHECKING:
    from fame.models.encoder import Encoder

Stride = tuple[PositiveInt, PositiveInt]
"""Over time and over space."""

_COLOURS = 3


class I3DSettings(EncoderSettings):
    """Settings of an I3D; `published(64)` is the published network.

    A narrow network on small clips needs more than a width: with nine blocks and PyTorch's
    initialisation, contrast is hardly learnt from 8 frames of 32 pixels (studies/i3d). So depth,
    strides and initialisation are settings too.

    Attributes:
        arch: the architecture's name.
        width: channels of the first convolution; every other channel count scales by `width / 64`
            and is rounded to a multiple of 4 (at width 64 rounding changes nothing).
        blocks: Inception blocks in each of the three groups that pools separate; the first ones
            of the published 2, 5 and 2 are kept, with their names.
        stem_frames: frames of the first convolution's kernel, which has 7 x 7 pixels.
        strides: over time and space, of the first convolution and the four pools in their order.
            The pools' kernels are the published ones.
        initialisation: of the convolutions: `pytorch` (the default of `nn.Conv3d`, as released) or
            `he-fan-out`, which R(2+1)D has.
    """

    arch: Literal["i3d"]
    width: PositiveInt
    blocks: tuple[
        Annotated[int, Field(ge=1, le=2)],
        Annotated[int, Field(ge=1, le=5)],
        Annotated[int, Field(ge=1, le=2)],
    ]
    stem_frames: PositiveInt
    strides: tuple[Stride, Stride, Stride, Stride, Stride]
    initialisation: Literal["pytorch", "he-fan-out"]

    @property
    def feature_dim(self) -> int:
        """Channels of the last block: the sum of its four branches."""
        return outputs(branches(self.places(5)[-1], self.width))

    def places(self, group: int) -> list[str]:
        """Which blocks of a group (3, 4 or 5) there are: "3b", "3c" ..."""
        places = [place for place in PLACES if place.startswith(str(group))]
        return places[: self.blocks[group - 3]]


def published(width: int) -> I3DSettings:
    """The published network, in any width."""
    return I3DSettings(
        arch="i3d",
        width=width,
        blocks=(2, 5, 2),
        stem_frames=7,
        strides=((2, 2), (1, 2), (1, 2), (2, 2), (2, 2)),
        initialisation="pytorch",
    )


def build(settings: I3DSettings) -> "Encoder":
    """Three convolutions, then the groups of Inception blocks, with pools in between.

    Shape:
        (B, 3, T, H, W) -> (B, C), where C is 1024 in the published network; the last map is
        (B, C, T / 8, H / 32, W / 32) there if T and H, W are multiples of 8 and 32. The five stages
        end before each reduction of the map: after the first convolution, and before each pool.
    """
    from fame.models.blocks.factorised import initialise
    from fame.models.blocks.inception import Mixed, SamePool3d, Unit3D
    from fame.models.encoder import Staged

    width = settings.width
    first, last = scaled(64, width), scaled(192, width)
    stem, *pools = [(time, space, space) for time, space in settings.strides]

    def mixed(group: int, inputs: int) -> dict[str, Mixed]:
        """The blocks of one group, by name."""
        blocks: dict[str, Mixed] = {}
        for place in settings.places(group):
            blocks[f"mixed_{place}"] = Mixed(inputs, branches(place, width))
            inputs = outputs(branches(place, width))
        return blocks

    def channels(group: int) -> int:
        """Output channels of a group."""
        return outputs(branches(settings.places(group)[-1], width))

    # In the order of execution, which is also that of the official state dict.
    parts = {
        "conv3d_1a_7x7": Unit3D(_COLOURS, first, (settings.stem_frames, 7, 7), stem),
        "maxpool3d_2a_3x3": SamePool3d((1, 3, 3), pools[0]),
        "conv3d_2b_1x1": Unit3D(first, first),
        "conv3d_2c_3x3": Unit3D(first, last, (3, 3, 3)),
        "maxpool3d_3a_3x3": SamePool3d((1, 3, 3), pools[1]),
        **mixed(3, last),
        "maxpool3d_4a_3x3": SamePool3d((3, 3, 3), pools[2]),
        **mixed(4, channels(3)),
        "maxpool3d_5a_2x2": SamePool3d((2, 2, 2), pools[3]),
        **mixed(5, channels(4)),
    }
    groups = (f"mixed_{settings.places(group)[-1]}" for group in (3, 4, 5))
    ends = ("conv3d_1a_7x7", "conv3d_2c_3x3", *groups)
    encoder = Staged(parts, ends, settings.feature_dim)
    if settings.initialisation == "he-fan-out":
        initialise(encoder)
    return encoder


SETTINGS = I3DSettings
