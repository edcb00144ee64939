"""I3D (Carreira & Zisserman, CVPR 2017): Inception-v1 with 3-D kernels, of any width.

Module names follow the authors' checkpoints (facts A5), so that these load without a table of
names. Padding is TensorFlow's SAME for sizes that the stride divides, split with the odd pixel
last; like the authors, we fix it by kernel and stride, whatever the size of the input.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fame.config.encoders import I3DSettings
from fame.models.colour_conv import ColourConv3d
from fame.models.encoder import Encoder

Triple = tuple[int, int, int]
Branches = tuple[int, int, int, int, int, int]

_PUBLISHED_WIDTH = 64
_MULTIPLE = 4
_COLOURS = 3

# Channels at width 64: 1x1; 1x1 then 3x3; 1x1 then 3x3; the 1x1 after the pool.
_MIXED_3: dict[str, Branches] = {
    "mixed_3b": (64, 96, 128, 16, 32, 32),
    "mixed_3c": (128, 128, 192, 32, 96, 64),
}
_MIXED_4: dict[str, Branches] = {
    "mixed_4b": (192, 96, 208, 16, 48, 64),
    "mixed_4c": (160, 112, 224, 24, 64, 64),
    "mixed_4d": (128, 128, 256, 24, 64, 64),
    "mixed_4e": (112, 144, 288, 32, 64, 64),
    "mixed_4f": (256, 160, 320, 32, 128, 128),
}
_MIXED_5: dict[str, Branches] = {
    "mixed_5b": (256, 160, 320, 32, 128, 128),
    "mixed_5c": (384, 192, 384, 48, 128, 128),
}


class I3D(Encoder):
    """Inception-v1 in 3-D; time shrinks by 8, space by 32.

    Shape:
        (B, 3, T, H, W) -> (B, C), where C is 1024 at width 64; the map is
        (B, C, T / 8, H / 32, W / 32) when T and H, W are multiples of 8 and 32.
    """

    def __init__(self, settings: I3DSettings) -> None:
        super().__init__()
        width = settings.width
        first, last = _scale(64, width), _scale(192, width)
        # Children stand in the order of execution, which is also that of the official state dict.
        self.conv3d_1a_7x7 = Unit3D(3, first, (7, 7, 7), (2, 2, 2))
        self.maxpool3d_2a_3x3 = SamePool3d((1, 3, 3), (1, 2, 2))
        self.conv3d_2b_1x1 = Unit3D(first, first)
        self.conv3d_2c_3x3 = Unit3D(first, last, (3, 3, 3))
        self.maxpool3d_3a_3x3 = SamePool3d((1, 3, 3), (1, 2, 2))
        channels = self._add_mixed(_MIXED_3, last, width)
        self.maxpool3d_4a_3x3 = SamePool3d((3, 3, 3), (2, 2, 2))
        channels = self._add_mixed(_MIXED_4, channels, width)
        self.maxpool3d_5a_2x2 = SamePool3d((2, 2, 2), (2, 2, 2))
        self.feature_dim = self._add_mixed(_MIXED_5, channels, width)

    def _add_mixed(self, table: dict[str, Branches], inputs: int, width: int) -> int:
        """Adds one Mixed block per row and returns the number of output channels."""
        for name, (a, b0, b1, c0, c1, d) in table.items():
            block = Mixed(inputs, tuple(_scale(n, width) for n in (a, b0, b1, c0, c1, d)))
            self.add_module(name, block)
            inputs = block.outputs
        return inputs

    def maps(self, x: Tensor) -> Tensor:
        """The output of `mixed_5c`; see `Encoder.maps`."""
        for stage in self.children():
            x = stage(x)
        return x


class Mixed(nn.Module):
    """An Inception block: four branches side by side, concatenated over channels.

    Args:
        inputs: channels that come in.
        branches: channels of the six convolutions, in the order of the tables above.
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
        branches = (self.branch_0, self.branch_1, self.branch_2, self.branch_3)
        return torch.cat([branch(x) for branch in branches], dim=1)


class Unit3D(nn.Module):
    """Convolution without bias, BatchNorm, ReLU; SAME padding."""

    def __init__(
        self, inputs: int, outputs: int, kernel: Triple = (1, 1, 1), stride: Triple = (1, 1, 1)
    ) -> None:
        super().__init__()
        self.padding = _same_padding(kernel, stride)
        convolution = ColourConv3d if inputs == _COLOURS else nn.Conv3d
        self.conv3d = convolution(inputs, outputs, kernel, stride, bias=False)
        self.batch3d = nn.BatchNorm3d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, t, h, w) -> (B, outputs, t / stride, h / stride, w / stride)."""
        return F.relu_(self.batch3d(self.conv3d(_pad(x, self.padding))))


class SamePool3d(nn.Module):
    """Max pool with SAME zero padding and ceil mode.

    Zero is neutral: what comes in has passed a ReLU.
    """

    def __init__(self, kernel: Triple, stride: Triple = (1, 1, 1)) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride
        self.padding = _same_padding(kernel, stride)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, t, h, w) -> (B, C, t / stride, h / stride, w / stride), rounded up."""
        return F.max_pool3d(_pad(x, self.padding), self.kernel, self.stride, ceil_mode=True)


def _scale(channels: int, width: int) -> int:
    """A count of the published network at another width: nearest multiple of 4, at least 4."""
    return max(1, int(channels * width / _PUBLISHED_WIDTH / _MULTIPLE + 0.5)) * _MULTIPLE


def _same_padding(kernel: Triple, stride: Triple) -> list[int]:
    """Padding before and after each axis, in the order of `F.pad` (last axis first)."""
    totals = [max(k - s, 0) for k, s in zip(kernel, stride, strict=True)]
    return [side for total in reversed(totals) for side in (total // 2, total - total // 2)]


def _pad(x: Tensor, padding: list[int]) -> Tensor:
    return F.pad(x, padding) if any(padding) else x
