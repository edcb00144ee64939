"""Encoders, heads, grouped BatchNorm, and weight files.

Importing this package, or a file of `fame.models.backbones`, does not import torch; building an
encoder does.
"""

from typing import TYPE_CHECKING

from fame.config.encoders import BACKBONES, EncoderSettings
from fame.core import registry

if TYPE_CHECKING:
    from fame.models.encoder import Encoder

__all__ = ["EncoderSettings", "build_encoder"]


def build_encoder(settings: EncoderSettings, seed: int) -> "Encoder":
    """A new encoder on the CPU, in float32, in training mode.

    Args:
        settings: architecture and size.
        seed: the run's seed; equal seeds give equal weights, whatever was drawn before.

    Raises:
        FameError: no such architecture.
    """
    import torch

    from fame.models.seeding import keyed_initialisation

    with keyed_initialisation(seed, "initialisation"):
        encoder: Encoder = registry.load(BACKBONES, settings.arch, "build")(settings)
    return encoder.to(memory_format=torch.channels_last_3d)
