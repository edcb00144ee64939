"""PRP's heads on the encoder's last map: the rate, and the video at twice the frame rate."""

from itertools import pairwise

import torch
from torch import Tensor, nn

DOUBLINGS = 4
COLOURS = 3


def _block(inputs: int, outputs: int) -> list[nn.Module]:
    return [
        nn.Conv3d(inputs, outputs, 3, padding=1),
        nn.BatchNorm3d(outputs),
        nn.ReLU(inplace=True),
    ]


def _double(channels: int) -> nn.Module:
    return nn.ConvTranspose3d(channels, channels, 2, stride=2)


def decoder(channels: int) -> nn.Sequential:
    """Four doublings of time and space.

    The last ReLU suits pictures in [0, 1].

    Shape:
        (B, channels, t, h, w) -> (B, 3, 16 t, 16 h, 16 w), not negative.
    """
    widths = [max(channels >> halvings, 1) for halvings in range(DOUBLINGS)]
    layers = _block(channels, channels)
    for wide, narrow in pairwise(widths):
        layers += [_double(wide), *_block(wide, narrow)]
    layers += [_double(widths[-1]), *_block(widths[-1], COLOURS)]
    return nn.Sequential(*layers)


class RateHead(nn.Module):
    """A convolution, the mean over time and space, and a linear layer.

    Shape:
        (B, channels, t, h, w) -> (B, rates).
    """

    def __init__(self, channels: int, rates: int) -> None:
        super().__init__()
        self.block = nn.Sequential(*_block(channels, channels))
        self.linear = nn.Linear(channels, rates)

    def forward(self, maps: Tensor) -> Tensor:
        """Logits of the rates."""
        logits: Tensor = self.linear(self.block(maps).mean(dim=(2, 3, 4)))
        return logits


def target_of(clip: Tensor, between: Tensor, at_once: Tensor) -> tuple[Tensor, Tensor]:
    """The frames to rebuild, and how much each counts.

    Args:
        clip: (B, 3, T, S, S).
        between: (B, 3, T, S, S), the frames halfway; at rate 1 the next ones.
        at_once: (B,) bool, videos at rate 1.

    Returns:
        (B, 3, 2 T, S, S), and weights (B, 2 T) that sum to 1 for each video.
    """
    rate_1 = at_once[:, None, None, None, None]
    halfway = torch.where(rate_1, (clip + between) / 2, between)
    target = torch.stack([clip, halfway], dim=3).flatten(2, 3)
    counts = torch.stack([torch.ones_like(at_once), ~at_once], dim=1).to(clip.dtype)
    weights = counts.repeat(1, clip.shape[2])
    return target, weights / weights.sum(dim=1, keepdim=True)


def error_of(output: Tensor, target: Tensor, motion: Tensor, weights: Tensor) -> Tensor:
    """The mean over videos, colours, counted frames and pixels of motion (output - target)^2.

    Args:
        output: (B, 3, 2 T, S, S).
        target: of the same shape.
        motion: weights of the same shape.
        weights: (B, 2 T), of the frames; they sum to 1 for each video.
    """
    errors = motion * (output - target).square()
    return (errors.mean(dim=(1, 3, 4)) * weights).sum(dim=1).mean()
