"""Blocks of Inception-v1 in three dimensions.

Padding is TensorFlow's SAME for sizes that the stride divides, with an odd pixel at the end. As in
the authors' I3D it depends on kernel and stride only, not on the input's size.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fame.models.colour_conv import ColourConv3d
from fame.models.encoder import before_last_relu
from fame.models.fused_norm import ready
from fame.models.fused_pool import fused_pool
from fame.models.norm_relu import norm_relu

Triple = tuple[int, int, int]

_COLOURS = 3


class Mixed(nn.Module):
    """An Inception block: four branches side by side, concatenated over channels.

    Args:
        inputs: input channels.
        branches: channels of the six convolutions: 1x1; 1x1, then 3x3; 1x1, then 3x3; and the 1x1
            after the pool.
    """

    def __init__(self, inputs: int, branches: tuple[int, ...]) -> None:
        super().__init__()
        a, b0, b1, c0, c1, d = branches
        self.branch_0 = Unit3D(inputs, a)
        self.branch_1 = nn.Sequential(Unit3D(inputs, b0), Unit3D(b0, b1, (3, 3, 3)))
        self.branch_2 = nn.Sequential(Unit3D(inputs, c0), Unit3D(c0, c1, (3, 3, 3)))
        self.branch_3 = nn.Sequential(SamePool3d((3, 3, 3)), Unit3D(inputs, d))
        self.outputs = a + b1 + c1 + d

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, t, h, w) -> (B, outputs, t, h, w)."""
        return torch.cat([branch(x) for branch in self.children()], dim=1)

    def signed(self, x: Tensor) -> Tensor:
        """The output before the branches' last ReLUs."""
        return torch.cat([before_last_relu(branch, x) for branch in self.children()], dim=1)


class Unit3D(nn.Module):
    """Convolution without bias, BatchNorm, ReLU; SAME padding."""

    def __init__(
        self, inputs: int, outputs: int, kernel: Triple = (1, 1, 1), stride: Triple = (1, 1, 1)
    ) -> None:
        super().__init__()
        self.padding = same_padding(kernel, stride)
        convolution = ColourConv3d if inputs == _COLOURS else nn.Conv3d
        self.conv3d = convolution(inputs, outputs, kernel, stride, bias=False)
        self.batch3d = nn.BatchNorm3d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, t, h, w) -> (B, outputs, t / stride, h / stride, w / stride)."""
        return norm_relu(self.batch3d, self._convolved(x))

    def signed(self, x: Tensor) -> Tensor:
        """The output before its ReLU."""
        normalised: Tensor = self.batch3d(self._convolved(x))
        return normalised

    def _convolved(self, x: Tensor) -> Tensor:
        """The convolution with its padding; on a GPU by its own, which saves a copy of the input.

        On a CPU that would round otherwise than the results that have been published.
        """
        before, after = sides(self.padding)
        if x.is_cuda and before == after and not isinstance(self.conv3d, ColourConv3d):
            return F.conv3d(x, self.conv3d.weight, None, self.conv3d.stride, before)
        convolved: Tensor = self.conv3d(_pad(x, self.padding))
        return convolved


class SamePool3d(nn.Module):
    """Max pool with SAME zero padding and ceil mode.

    Zero is neutral, since inputs have passed a ReLU.

    Attributes:
        fused: whether `fused_pool` computes it in training, where it can.
    """

    def __init__(self, kernel: Triple, stride: Triple = (1, 1, 1)) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride
        self.padding = same_padding(kernel, stride)
        self.fused = False

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, t, h, w) -> (B, C, t / stride, h / stride, w / stride), rounded up."""
        if self.fused and self.training and ready(x.device):
            return fused_pool(x, self.kernel, self.stride, *sides(self.padding))
        return F.max_pool3d(_pad(x, self.padding), self.kernel, self.stride, ceil_mode=True)


def same_padding(kernel: Triple, stride: Triple) -> list[int]:
    """Padding before and after each axis, in `F.pad`'s order (last axis first)."""
    totals = [max(k - s, 0) for k, s in zip(kernel, stride, strict=True)]
    return [side for total in reversed(totals) for side in (total // 2, total - total // 2)]


def sides(padding: list[int]) -> tuple[Triple, Triple]:
    """Padding before and after time, height and width, from what `same_padding` gives."""
    return (padding[4], padding[2], padding[0]), (padding[5], padding[3], padding[1])


def _pad(x: Tensor, padding: list[int]) -> Tensor:
    return F.pad(x, padding) if any(padding) else x
