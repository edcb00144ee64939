"""A backbone in a file of its own: two convolutions."""

from typing import TYPE_CHECKING

from pydantic import PositiveInt

from fame.config.encoders import EncoderSettings

if TYPE_CHECKING:
    from fame.models.encoder import Encoder


class Thin(EncoderSettings):
    """What a scale says of it: `channels` of both convolutions."""

    channels: PositiveInt

    @property
    def feature_dim(self) -> int:
        """As many as there are channels."""
        return self.channels


def build(settings: Thin) -> "Encoder":
    """(B, 3, T, H, W) -> (B, channels); space shrinks by 4 and 16, time stays."""
    from torch import nn

    from fame.models.encoder import Staged

    def layer(inputs: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv3d(inputs, settings.channels, (3, 4, 4), (1, 4, 4), (1, 0, 0), bias=False),
            nn.BatchNorm3d(settings.channels),
            nn.ReLU(),
        )

    parts = {"first": layer(3), "second": layer(settings.channels)}
    return Staged(parts, parts, settings.feature_dim)


SETTINGS = Thin
