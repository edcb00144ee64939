"""Encoders by settings, heads, grouped BatchNorm, weight files.

Importing this package (or `fame.config.encoders`) does not import torch; building does.
"""

from typing import TYPE_CHECKING

from fame.config.encoders import EncoderSettings, I3DSettings, R2Plus1DSettings

if TYPE_CHECKING:
    from fame.models.encoder import Encoder

__all__ = ["EncoderSettings", "I3DSettings", "R2Plus1DSettings", "build_encoder"]


def build_encoder(settings: EncoderSettings, seed: int) -> "Encoder":
    """A new encoder on the CPU, in float32, in training mode.

    Args:
        settings: architecture and size.
        seed: the run's seed; equal seeds give equal weights, whatever was drawn before.
    """
    import torch

    from fame.models.seeding import keyed_initialisation

    with keyed_initialisation(seed, "initialisation"):
        encoder = _construct(settings)
    return encoder.to(memory_format=torch.channels_last_3d)


def _construct(settings: EncoderSettings) -> "Encoder":
    if isinstance(settings, R2Plus1DSettings):
        from fame.models.backbones.r2plus1d import R2Plus1D

        return R2Plus1D(settings)
    from fame.models.backbones.i3d import I3D

    return I3D(settings)
