"""Factorised convolutions whose channels in between fill tensor cores.

R(2+1)D has 45, 230 or 921 channels there. cuDNN copies such tensors into wider ones at every call,
4 % of a training step on an H200, and rows of odd length cannot be read in vectors. Here weights
get zero channels instead, which costs little; parameters and state dict keep the published shapes.
"""

from torch import Tensor, nn

from fame.models.colour_conv import WHOLE, in_bfloat16_on_a_gpu
from fame.models.flat_conv import FlatConv3d
from fame.models.group_batchnorm import GroupBatchNorm
from fame.models.norm_relu import norm_relu


def factorised(over_space: FlatConv3d, norm: nn.Module, over_time: FlatConv3d, x: Tensor) -> Tensor:
    """A convolution over space, BatchNorm, ReLU and a convolution over time.

    Zero channels are added in between where `fused_norm` computes, in bfloat16; they stay zero and
    meet weights of zero, so results are equal but for the order of sums.

    Args:
        over_space: (B, C, T, H, W) -> (B, M, T, h, w).
        norm: of M channels.
        over_time: (B, M, T, h, w) -> (B, D, t, h, w).
        x: (B, C, T, H, W).

    Returns:
        (B, D, t, h, w).
    """
    if not (isinstance(norm, GroupBatchNorm) and norm.fuses(x) and in_bfloat16_on_a_gpu(x)):
        return over_time(norm_relu(norm, over_space(x)))
    channels = norm.num_features + -norm.num_features % WHOLE
    middle = norm_relu(norm, over_space.widened(x, channels))
    return over_time.widened(middle, over_time.out_channels)
