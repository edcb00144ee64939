"""Residual blocks of factorised convolutions: one over space, then one over time.

The blocks are written here because torchvision imports PyTorch's compiler, which takes seconds of
every job.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from fame.models.colour_conv import ColourConv3d
from fame.models.flat_conv import FlatConv3d

_PUBLISHED_WIDTH = 64
_PUBLISHED_STEM_MIDDLE = 45


def _round(channels: float, multiple: int) -> int:
    """The nearest multiple (halves go up), never zero."""
    return max(1, int(channels / multiple + 0.5)) * multiple


class Block(nn.Module):
    """Two factorised convolutions and a shortcut round them.

    Each convolution is one over space, BatchNorm, ReLU, and one over time. Its channels in between
    are as many as make its weights as many as those of a full 3 x 3 x 3 convolution.

    Args:
        inputs: channels that come in.
        outputs: channels that go out.
        stride: of the first convolution, over space and time.
        multiple: the channels in between are rounded to a multiple of this.
        shortcut: what brings the input to the output's shape; None if it has it already.
    """

    def __init__(
        self, inputs: int, outputs: int, stride: int, multiple: int, shortcut: nn.Module | None
    ) -> None:
        super().__init__()
        middle = _round(inputs * outputs * 27 // (inputs * 9 + 3 * outputs), multiple)
        self.conv1 = nn.Sequential(
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
        return F.relu_(self.signed(x))

    def signed(self, x: Tensor) -> Tensor:
        """The output before its ReLU."""
        residual = x if self.downsample is None else self.downsample(x)
        summed: Tensor = self.conv2(self.conv1(x)).add_(residual)
        return summed


def _factorised(inputs: int, outputs: int, middle: int, stride: int) -> nn.Sequential:
    """A convolution over space, then one over time."""
    return nn.Sequential(
        FlatConv3d(inputs, middle, (1, 3, 3), (1, stride, stride), (0, 1, 1), bias=False),
        nn.BatchNorm3d(middle),
        nn.ReLU(inplace=True),
        FlatConv3d(middle, outputs, (3, 1, 1), (stride, 1, 1), (1, 0, 0), bias=False),
    )


def stem(width: int, multiple: int) -> nn.Sequential:
    """The first layers, RGB to `width` channels: (B, 3, T, H, W) -> (B, width, T, H / 2, W / 2)."""
    # torchvision's stem has its 45 and 64 channels written in; this is the same layout, scaled.
    middle = _round(_PUBLISHED_STEM_MIDDLE * width / _PUBLISHED_WIDTH, multiple)
    return nn.Sequential(
        ColourConv3d(3, middle, (1, 7, 7), stride=(1, 2, 2), padding=(0, 3, 3), bias=False),
        nn.BatchNorm3d(middle),
        nn.ReLU(inplace=True),
        FlatConv3d(middle, width, (3, 1, 1), padding=(1, 0, 0), bias=False),
        nn.BatchNorm3d(width),
        nn.ReLU(inplace=True),
    )


def stage(inputs: int, outputs: int, blocks: int, stride: int, multiple: int) -> nn.Sequential:
    """`blocks` blocks, the first of which strides over space and time; names as in `Block`."""
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
    """He initialisation over the fan-out, as torchvision starts this network."""
    for module in network.modules():
        if isinstance(module, nn.Conv3d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
