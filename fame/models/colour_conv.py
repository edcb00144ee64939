"""The first convolution of an encoder, which sees three colours."""

import torch
import torch.nn.functional as F
from torch import Tensor

from fame.models.flat_conv import FlatConv3d

WHOLE = 8
"""Channels of 16 bits that tensor cores take at once."""


class ColourConv3d(FlatConv3d):
    """A FlatConv3d that, in bfloat16 on a GPU, adds channels that are zero.

    cuDNN computes three channels of 16 bits without tensor cores: I3D's first layer took 59 ms for
    64 clips on an H200, and is passed four times in a step of 760. Weights, their gradients and the
    state dict are those of Conv3d.

    Shape:
        (B, in_channels, T, H, W) -> (B, out_channels, t, h, w), as Conv3d has it.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Convolves."""
        missing = -self.in_channels % WHOLE
        if missing == 0 or not in_bfloat16_on_a_gpu(input):
            return super().forward(input)
        filling = (0, 0, 0, 0, 0, 0, 0, missing)
        padded, weight = (F.pad(x.to(torch.bfloat16), filling) for x in (input, self.weight))
        return self._conv_forward(padded, weight, self.bias)


def in_bfloat16_on_a_gpu(x: Tensor) -> bool:
    """Whether a tensor is about to be convolved in bfloat16 on a GPU, by autocast."""
    return (
        x.is_cuda
        and torch.is_autocast_enabled("cuda")
        and torch.get_autocast_dtype("cuda") == torch.bfloat16
    )
