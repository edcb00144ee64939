"""The first convolution of an encoder, with three input channels."""

import torch
import torch.nn.functional as F
from torch import Tensor

from fame.models.flat_conv import FlatConv3d

WHOLE = 8
"""16-bit channels that tensor cores process at once."""


class ColourConv3d(FlatConv3d):
    """A FlatConv3d that pads its input with zero channels in bfloat16 on a GPU.

    cuDNN does not use tensor cores for three 16-bit channels: I3D's first layer took 59 ms for 64
    clips on an H200, four times in a training step of 760 ms. Weights, gradients and state dict are
    those of Conv3d.

    Shape:
        (B, in_channels, T, H, W) -> (B, out_channels, t, h, w), as for Conv3d.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Convolve."""
        if self._missing(input) == 0:
            return super().forward(input)
        return self.widened(input, self.out_channels)

    def widened(self, input: Tensor, outputs: int) -> Tensor:
        """See `FlatConv3d.widened`."""
        if missing := self._missing(input):
            input = F.pad(input.to(torch.bfloat16), (0, 0, 0, 0, 0, 0, 0, missing))
        return super().widened(input, outputs)

    def _missing(self, input: Tensor) -> int:
        """How many channels of zeros the input needs."""
        return -input.shape[1] % WHOLE if in_bfloat16_on_a_gpu(input) else 0


def in_bfloat16_on_a_gpu(x: Tensor) -> bool:
    """Whether autocast will convolve a tensor in bfloat16 on a GPU."""
    return (
        x.is_cuda
        and torch.is_autocast_enabled("cuda")
        and torch.get_autocast_dtype("cuda") == torch.bfloat16
    )
