"""Residual blocks of factorised convolutions: one over space, then one over time.

Not taken from torchvision, because it imports PyTorch's compiler, which costs every job seconds.
"""

from torch import Tensor, nn

from fame.models.colour_conv import ColourConv3d
from fame.models.flat_conv import FlatConv3d
from fame.models.norm_relu import Chain, norm_relu, through
from fame.models.whole_channels import factorised

_PUBLISHED_WIDTH = 64
_PUBLISHED_STEM_MIDDLE = 45


def _round(channels: float, multiple: int) -> int:
    """The nearest multiple (halves go up), never zero."""
    return max(1, int(channels / multiple + 0.5)) * multiple


class _Factorised(nn.Sequential):
    """A convolution over space, BatchNorm, ReLU, one over time, then whatever follows."""

    def forward(self, input: Tensor) -> Tensor:
        over_space, norm, _, over_time, *rest = self
        assert isinstance(over_space, FlatConv3d) and isinstance(over_time, FlatConv3d)
        return through(rest, factorised(over_space, norm, over_time, input))


class Block(nn.Module):
    """Two factorised convolutions and a shortcut around them.

    A factorised convolution is one over space, BatchNorm, ReLU, and one over time. The number of
    channels in between is chosen to give as many weights as a full 3 x 3 x 3 convolution has.

    Args:
        inputs: input channels.
        outputs: output channels.
        stride: of the first convolution, over space and time.
        multiple: the number of channels in between is rounded to a multiple of this.
        shortcut: maps the input to the output's shape; None if the shapes are equal.
    """

    def __init__(
        self, inputs: int, outputs: int, stride: int, multiple: int, shortcut: nn.Module | None
    ) -> None:
        super().__init__()
        middle = _round(inputs * outputs * 27 // (inputs * 9 + 3 * outputs), multiple)
        self.conv1 = Chain(
            _factorised(inputs, outputs, middle, stride),
            nn.BatchNorm3d(outputs),
            nn.ReLU(inplace=True),
        )
        self.conv2 = nn.Sequential(
            _factorised(outputs, outputs, middle, 1), nn.BatchNorm3d(outputs)
        )
        self.downsample = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, t, h, w) -> (B, outputs, t / stride, h / stride, w / stride)."""
        convolution, norm = self.conv2
        return norm_relu(norm, convolution(self.conv1(x)), self._residual(x))

    def signed(self, x: Tensor) -> Tensor:
        """The output before its ReLU."""
        summed: Tensor = self.conv2(self.conv1(x)).add_(self._residual(x))
        return summed

    def _residual(self, x: Tensor) -> Tensor:
        residual: Tensor = x if self.downsample is None else self.downsample(x)
        return residual


def _factorised(inputs: int, outputs: int, middle: int, stride: int) -> nn.Sequential:
    """A convolution over space, then one over time."""
    return _Factorised(
        FlatConv3d(inputs, middle, (1, 3, 3), (1, stride, stride), (0, 1, 1), bias=False),
        nn.BatchNorm3d(middle),
        nn.ReLU(inplace=True),
        FlatConv3d(middle, outputs, (3, 1, 1), (stride, 1, 1), (1, 0, 0), bias=False),
    )


def stem(width: int, multiple: int) -> nn.Sequential:
    """The first layers: RGB (B, 3, T, H, W) -> (B, width, T, H / 2, W / 2)."""
    # torchvision's stem always has 45 and 64 channels; this is the same layout, scaled.
    middle = _round(_PUBLISHED_STEM_MIDDLE * width / _PUBLISHED_WIDTH, multiple)
    return _Factorised(
        ColourConv3d(3, middle, (1, 7, 7), stride=(1, 2, 2), padding=(0, 3, 3), bias=False),
        nn.BatchNorm3d(middle),
        nn.ReLU(inplace=True),
        FlatConv3d(middle, width, (3, 1, 1), padding=(1, 0, 0), bias=False),
        nn.BatchNorm3d(width),
        nn.ReLU(inplace=True),
    )


def stage(inputs: int, outputs: int, blocks: int, stride: int, multiple: int) -> nn.Sequential:
    """A stage of `blocks` blocks, the first with `stride`; other arguments as for `Block`."""
    shortcut = None
    if stride != 1:
        shortcut = nn.Sequential(
            nn.Conv3d(inputs, outputs, kernel_size=1, stride=stride, bias=False),
            nn.BatchNorm3d(outputs),
        )
    first = Block(inputs, outputs, stride, multiple, shortcut)
    rest = (Block(outputs, outputs, 1, multiple, None) for _ in range(blocks - 1))
    return nn.Sequential(first, *rest)


def initialise(network: nn.Module) -> None:
    """He initialisation over the fan-out, as in torchvision."""
    for module in network.modules():
        if isinstance(module, nn.Conv3d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
