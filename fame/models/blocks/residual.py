"""Residual blocks of full 3 x 3 x 3 convolutions, under the names of two public layouts."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from fame.models.flat_conv import FlatConv3d

_Convolution3x3x3 = partial(nn.Conv3d, kernel_size=3, padding=1, bias=False)

Triple = tuple[int, int, int]
Block = Callable[[int, int, int, nn.Module | None], nn.Module]
"""(input channels, output channels, stride, shortcut) -> a residual block."""
Shortcut = Callable[[int, int, int], nn.Module]
"""(input channels, output channels, stride) -> the shortcut of a block that changes the shape."""


def _convolution1x3x3(inputs: int, outputs: int, stride: int = 1) -> nn.Conv3d:
    return FlatConv3d(inputs, outputs, (1, 3, 3), (1, stride, stride), (0, 1, 1), bias=False)


class Residual(nn.Module, ABC):
    """The ReLU of a branch's output plus a shortcut around it.

    Attributes:
        downsample: maps the input to the output's shape; None if the shapes are equal.
    """

    downsample: nn.Module | None

    @abstractmethod
    def branch(self, x: Tensor) -> Tensor:
        """What the block adds to its shortcut, as a tensor that may be changed in place."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, t, h, w) -> (B, outputs, t / stride, h / stride, w / stride), rounded up."""
        return F.relu_(self.signed(x))

    def signed(self, x: Tensor) -> Tensor:
        """The output before its ReLU."""
        summed = self.branch(x)
        return summed.add_(x if self.downsample is None else self.downsample(x))


class Basic(Residual):
    """Two convolutions with BatchNorm and a ReLU in between, named as in torchvision.

    Args:
        inputs: input channels.
        outputs: output channels.
        stride: of the first convolution, over space and time.
        shortcut: see `Residual.downsample`.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, shortcut: nn.Module | None) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(
            _Convolution3x3x3(inputs, outputs, stride=stride),
            nn.BatchNorm3d(outputs),
            nn.ReLU(inplace=True),
        )
        self.conv2 = nn.Sequential(_Convolution3x3x3(outputs, outputs), nn.BatchNorm3d(outputs))
        self.downsample = shortcut

    def branch(self, x: Tensor) -> Tensor:
        """See `Residual.branch`."""
        out: Tensor = self.conv2(self.conv1(x))
        return out


class HaraBasic(Residual):
    """`Basic` under the names of Hara's 3-D ResNets; arguments as there."""

    convolution: ClassVar[Callable[..., nn.Conv3d]] = staticmethod(_Convolution3x3x3)

    def __init__(self, inputs: int, outputs: int, stride: int, shortcut: nn.Module | None) -> None:
        super().__init__()
        self.conv1 = self.convolution(inputs, outputs, stride=stride)
        self.bn1 = nn.BatchNorm3d(outputs)
        self.conv2 = self.convolution(outputs, outputs)
        self.bn2 = nn.BatchNorm3d(outputs)
        self.downsample = shortcut

    def branch(self, x: Tensor) -> Tensor:
        """See `Residual.branch`."""
        out: Tensor = self.bn2(self.conv2(F.relu_(self.bn1(self.conv1(x)))))
        return out


class HaraFlat(HaraBasic):
    """`HaraBasic` over space only: kernels are 1 x 3 x 3, and the stride leaves time alone."""

    convolution = staticmethod(_convolution1x3x3)


class ZeroPadded(nn.Module):
    """Shortcut A of ResNets: every `stride`-th position, and zeros for the channels that lack.

    Args:
        outputs: output channels, at least as many as the input has.
        stride: over space and time.
    """

    def __init__(self, outputs: int, stride: int) -> None:
        super().__init__()
        self.outputs, self.stride = outputs, stride

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, t, h, w) -> (B, outputs, t / stride, h / stride, w / stride), rounded up."""
        picked = x[:, :, :: self.stride, :: self.stride, :: self.stride]
        return F.pad(picked, (0, 0, 0, 0, 0, 0, 0, self.outputs - x.shape[1]))


def projection(inputs: int, outputs: int, stride: int | Triple) -> nn.Sequential:
    """Shortcut B of ResNets: a 1 x 1 x 1 convolution and BatchNorm."""
    return nn.Sequential(
        nn.Conv3d(inputs, outputs, kernel_size=1, stride=stride, bias=False),
        nn.BatchNorm3d(outputs),
    )


def stage(
    inputs: int, outputs: int, blocks: int, stride: int, block: Block, shortcut: Shortcut
) -> nn.Sequential:
    """A stage of a ResNet: `blocks` blocks, of which the first may change the shape.

    Args:
        inputs: input channels.
        outputs: output channels.
        blocks: their number, at least 1.
        stride: of the first block.
        block: makes a block.
        shortcut: makes the first block's shortcut, if channels or stride change.
    """
    change = None if (inputs, 1) == (outputs, stride) else shortcut(inputs, outputs, stride)
    first = block(inputs, outputs, stride, change)
    rest = (block(outputs, outputs, 1, None) for _ in range(blocks - 1))
    return nn.Sequential(first, *rest)


def stages(
    width: int, layers: tuple[int, int, int, int], block: Block, shortcut: Shortcut
) -> dict[str, nn.Sequential]:
    """The four stages of a ResNet by name, layer1 to layer4.

    Args:
        width: channels of the stem and the first stage; each later stage doubles them, and halves
            space and time.
        layers: blocks of each stage.
        block: makes a block.
        shortcut: makes the shortcut of a block that changes the shape.
    """
    named, inputs = {}, width
    for number, blocks in enumerate(layers, start=1):
        outputs, stride = (inputs, 1) if number == 1 else (2 * inputs, 2)
        named[f"layer{number}"] = stage(inputs, outputs, blocks, stride, block, shortcut)
        inputs = outputs
    return named
