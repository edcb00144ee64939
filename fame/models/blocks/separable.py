"""Inception blocks of S3D: each 3 x 3 x 3 convolution is one over space, then one over time.

Other than in R(2+1)D, BatchNorm and ReLU follow both, and both have the same number of channels.
Names are those of torchvision's `s3d`.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fame.models.blocks.inception_sizes import Branches
from fame.models.colour_conv import ColourConv3d
from fame.models.encoder import before_last_relu
from fame.models.flat_conv import FlatConv3d
from fame.models.norm_relu import Chain

Triple = tuple[int, int, int]

_COLOURS = 3


def unit(
    inputs: int, outputs: int, kernel: Triple = (1, 1, 1), stride: Triple = (1, 1, 1)
) -> nn.Sequential:
    """Convolution without bias, BatchNorm with the epsilon of TensorFlow's S3D, ReLU.

    Shape:
        (B, inputs, t, h, w) -> (B, outputs, t / stride, h / stride, w / stride), rounded up.
    """
    t, h, w = kernel
    convolution = ColourConv3d if inputs == _COLOURS else FlatConv3d
    return Chain(
        convolution(inputs, outputs, kernel, stride, (t // 2, h // 2, w // 2), bias=False),
        nn.BatchNorm3d(outputs, eps=1e-3),
        nn.ReLU(inplace=True),
    )


def separable(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    """A unit over space, then one over time; arguments are those of the whole, shape as `unit`."""
    return nn.Sequential(
        unit(inputs, outputs, (1, kernel, kernel), (1, stride, stride)),
        unit(outputs, outputs, (kernel, 1, 1), (stride, 1, 1)),
    )


class SeparableMixed(nn.Module):
    """An Inception block: four branches side by side, concatenated over channels."""

    def __init__(self, inputs: int, branches: Branches) -> None:
        super().__init__()
        a, b0, b1, c0, c1, d = branches
        self.branch0 = unit(inputs, a)
        self.branch1 = nn.Sequential(unit(inputs, b0), separable(b0, b1, 3, 1))
        self.branch2 = nn.Sequential(unit(inputs, c0), separable(c0, c1, 3, 1))
        self.branch3 = nn.Sequential(nn.MaxPool3d(3, 1, 1), unit(inputs, d))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, t, h, w) -> (B, outputs, t, h, w)."""
        return F.relu_(self.signed(x))

    def signed(self, x: Tensor) -> Tensor:
        """The output before the branches' last ReLUs."""
        return torch.cat([before_last_relu(branch, x) for branch in self.children()], dim=1)
