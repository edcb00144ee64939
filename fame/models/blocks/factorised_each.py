"""Residual blocks of VCOP's R(2+1)D: every convolution is factorised, shortcuts too.

Other than in torchvision's R(2+1)D (`factorised`), each convolution has its own number of channels
between its spatial and its temporal kernel. Names are those of VCOP's public code.
"""

from torch import Tensor, nn

from fame.models.colour_conv import ColourConv3d
from fame.models.flat_conv import FlatConv3d
from fame.models.norm_relu import norm_relu
from fame.models.whole_channels import factorised

Triple = tuple[int, int, int]

_COLOURS = 3


class Factorised(nn.Module):
    """A convolution over space, BatchNorm, ReLU, and a convolution over time.

    Args:
        inputs: input channels.
        outputs: output channels.
        kernel: of the convolution that is factorised; odd numbers.
        stride: likewise.
    """

    def __init__(self, inputs: int, outputs: int, kernel: Triple, stride: Triple) -> None:
        super().__init__()
        middle = middle_channels(inputs, outputs, kernel)
        (t, h, w), (over_t, over_h, over_w) = kernel, stride
        over_space = ColourConv3d if inputs == _COLOURS else FlatConv3d
        self.spatial_conv = over_space(
            inputs, middle, (1, h, w), (1, over_h, over_w), (0, h // 2, w // 2), bias=False
        )
        self.bn = nn.BatchNorm3d(middle)
        self.temporal_conv = FlatConv3d(
            middle, outputs, (t, 1, 1), (over_t, 1, 1), (t // 2, 0, 0), bias=False
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, t, h, w) -> (B, outputs, t / stride, h / stride, w / stride), rounded up."""
        return factorised(self.spatial_conv, self.bn, self.temporal_conv, x)


def middle_channels(inputs: int, outputs: int, kernel: Triple) -> int:
    """As many channels as give at most the weights of a full convolution; at least one."""
    t, h, w = kernel
    return max(1, t * h * w * inputs * outputs // (h * w * inputs + t * outputs))


class FactorisedBasic(nn.Module):
    """Two factorised 3 x 3 x 3 convolutions with BatchNorm, and a shortcut around them.

    Args:
        inputs: input channels.
        outputs: output channels.
        halve: whether the first convolution, and then also the shortcut, has stride 2 over space
            and time; if not, `inputs` must equal `outputs`.
    """

    def __init__(self, inputs: int, outputs: int, halve: bool) -> None:
        super().__init__()
        stride = (2, 2, 2) if halve else (1, 1, 1)
        self.halve = halve
        if halve:
            self.downsampleconv = Factorised(inputs, outputs, (1, 1, 1), stride)
            self.downsamplebn = nn.BatchNorm3d(outputs)
        self.conv1 = Factorised(inputs, outputs, (3, 3, 3), stride)
        self.bn1 = nn.BatchNorm3d(outputs)
        self.conv2 = Factorised(outputs, outputs, (3, 3, 3), (1, 1, 1))
        self.bn2 = nn.BatchNorm3d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, t, h, w) -> (B, outputs, t, h, w), or half the sizes, rounded up."""
        return norm_relu(self.bn2, self._second(x), self._residual(x))

    def signed(self, x: Tensor) -> Tensor:
        """The output before its ReLU."""
        summed: Tensor = self.bn2(self._second(x)).add_(self._residual(x))
        return summed

    def _second(self, x: Tensor) -> Tensor:
        """The output of the second convolution."""
        convolved: Tensor = self.conv2(norm_relu(self.bn1, self.conv1(x)))
        return convolved

    def _residual(self, x: Tensor) -> Tensor:
        residual: Tensor = self.downsamplebn(self.downsampleconv(x)) if self.halve else x
        return residual
