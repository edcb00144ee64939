"""Settings of encoders: one frozen model per architecture, no defaults, no torch."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class R2Plus1DSettings(_Settings):
    """R(2+1)D: residual blocks whose 3-D kernels are split into space and time.

    The published network is `width=64, layers=(2, 2, 2, 2), round_middle=1`.

    Attributes:
        arch: the architecture's name.
        width: channels of the stem and the first stage; the later stages have 2, 4, 8 times more.
        layers: number of residual blocks in each of the four stages.
        round_middle: the channels between the spatial and the temporal kernel are rounded to a
            multiple of this; 1 keeps the published counts, 8 is faster on vector units.
    """

    arch: Literal["r2plus1d"]
    width: PositiveInt
    layers: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt]
    round_middle: PositiveInt


class I3DSettings(_Settings):
    """I3D: Inception-v1 inflated to three dimensions; the published network is `width=64`.

    Attributes:
        arch: the architecture's name.
        width: channels of the first convolution; every other count scales by `width / 64` and is
            rounded to a multiple of 4 (no published count changes at width 64).
    """

    arch: Literal["i3d"]
    width: PositiveInt


EncoderSettings = Annotated[R2Plus1DSettings | I3DSettings, Field(discriminator="arch")]
"""Either architecture, discriminated by `arch`; a field type for pydantic models."""
