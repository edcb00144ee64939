"""BatchNorm, a residual sum and ReLU as one operation, which a GPU can compute in one pass."""

from collections.abc import Iterable

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from fame.models.group_batchnorm import GroupBatchNorm


def norm_relu(norm: nn.Module, x: Tensor, residual: Tensor | None = None) -> Tensor:
    """ReLU of the normalised input plus a residual.

    One pass over memory where a GroupBatchNorm is `fused`; else PyTorch's operations, one by one.

    Args:
        norm: a BatchNorm layer, of any kind.
        x: (B, C, ...).
        residual: of the same shape, or None.

    Returns:
        (B, C, ...).
    """
    if isinstance(norm, GroupBatchNorm) and norm.fuses(x):
        return norm.in_one_pass(x, relu=True, residual=residual)
    normalised: Tensor = norm(x)
    return F.relu_(normalised if residual is None else normalised.add_(residual))


def through(modules: Iterable[nn.Module], x: Tensor) -> Tensor:
    """The output of modules that run one after the other; BatchNorm and a ReLU after it as one."""
    rest = list(modules)
    while rest:
        module = rest.pop(0)
        if isinstance(module, _BatchNorm) and rest and isinstance(rest[0], nn.ReLU):
            rest.pop(0)
            x = norm_relu(module, x)
        else:
            x = module(x)
    return x


class Chain(nn.Sequential):
    """nn.Sequential by `through`; names and state dict are the same."""

    def forward(self, input: Tensor) -> Tensor:
        """The last module's output."""
        return through(self, input)
