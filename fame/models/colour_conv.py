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
        missing = -self.in_channels % WHOLE
        if missing == 0 or not in_bfloat16_on_a_gpu(input):
            return super().forward(input)
        filling = (0, 0, 0, 0, 0, 0, 0, missing)
        padded, weight = (F.pad(x.to(torch.bfloat16), filling) for x in (input, self.weight))
        return self._conv_forward(padded, weight, self.bias)


def in_bfloat16_on_a_gpu(x: Tensor) -> bool:
    """Whether autocast will convolve a tensor in bfloat16 on a GPU."""
    return (
        x.is_cuda
        and torch.is_autocast_enabled("cuda")
        and torch.get_autocast_dtype("cuda") == torch.bfloat16
    )
