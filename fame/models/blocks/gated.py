"""Inception blocks of S3D-G: separable convolutions and a gate on each branch's output.

Names are those of Pace's public code.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fame.models.blocks.inception_sizes import Branches
from fame.models.colour_conv import ColourConv3d
from fame.models.flat_conv import FlatConv3d

Triple = tuple[int, int, int]

_COLOURS = 3


class Gate(nn.Module):
    """Scales each channel by a number in (0, 1) that depends on the means of all channels.

    y = x * sigmoid(A m + a), with m the mean of x over space and time.

    Args:
        channels: of the input and the output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, t, h, w) -> (B, C, t, h, w)."""
        return self.openness(x) * x

    def openness(self, x: Tensor) -> Tensor:
        """The factors, (B, C, 1, 1, 1)."""
        return torch.sigmoid(self.fc(x.mean(dim=(2, 3, 4))))[:, :, None, None, None]


class Unit(nn.Module):
    """A convolution without bias, BatchNorm, ReLU; padded so that stride 1 keeps the size.

    Args:
        inputs: input channels.
        outputs: output channels.
        kernel: over time, height and width; odd numbers.
        stride: likewise.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: Triple = (1, 1, 1), stride: Triple = (1, 1, 1)
    ) -> None:
        super().__init__()
        t, h, w = kernel
        convolution = ColourConv3d if inputs == _COLOURS else FlatConv3d
        self.conv1 = convolution(
            inputs, outputs, kernel, stride, (t // 2, h // 2, w // 2), bias=False
        )
        self.bn1 = nn.BatchNorm3d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, t, h, w) -> (B, outputs, t / stride, h / stride, w / stride), rounded up."""
        return F.relu_(self.signed(x))

    def signed(self, x: Tensor) -> Tensor:
        """The output before its ReLU."""
        normalised: Tensor = self.bn1(self.conv1(x))
        return normalised


class SeparableUnit(Unit):
    """A 1 x 3 x 3 unit, then a 3 x 1 x 1 convolution with BatchNorm and ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, (1, 3, 3))
        self.conv2 = FlatConv3d(outputs, outputs, (3, 1, 1), padding=(1, 0, 0), bias=False)
        self.bn2 = nn.BatchNorm3d(outputs)

    def signed(self, x: Tensor) -> Tensor:
        """The output before its last ReLU."""
        normalised: Tensor = self.bn2(self.conv2(F.relu_(super().signed(x))))
        return normalised


class GatedMixed(nn.Module):
    """An Inception block: four branches, each with a gate of its own, concatenated."""

    def __init__(self, inputs: int, branches: Branches) -> None:
        super().__init__()
        a, b0, b1, c0, c1, d = branches
        self.conv_b0 = Unit(inputs, a)
        self.conv_b1_a = Unit(inputs, b0)
        self.conv_b1_b = SeparableUnit(b0, b1)
        self.conv_b2_a = Unit(inputs, c0)
        self.conv_b2_b = SeparableUnit(c0, c1)
        self.conv_b3_b = Unit(inputs, d)
        self.gating_b0, self.gating_b1 = Gate(a), Gate(b1)
        self.gating_b2, self.gating_b3 = Gate(c1), Gate(d)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, t, h, w) -> (B, outputs, t, h, w)."""
        return torch.cat([gate(F.relu_(branch)) for gate, branch in self._branches(x)], dim=1)

    def signed(self, x: Tensor) -> Tensor:
        """What the ReLUs get, scaled by the gates of what they give: its ReLU is the output."""
        branches = self._branches(x)
        return torch.cat([gate.openness(z.relu()) * z for gate, z in branches], dim=1)

    def _branches(self, x: Tensor) -> list[tuple[Gate, Tensor]]:
        """Each branch's gate, and its output before its last ReLU."""
        return [
            (self.gating_b0, self.conv_b0.signed(x)),
            (self.gating_b1, self.conv_b1_b.signed(self.conv_b1_a(x))),
            (self.gating_b2, self.conv_b2_b.signed(self.conv_b2_a(x))),
            (self.gating_b3, self.conv_b3_b.signed(F.max_pool3d(x, 3, stride=1, padding=1))),
        ]
