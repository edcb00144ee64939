"""BatchNorm over groups of a fixed number of clips, whatever the number of processes.

The paper trains on 8 GPUs with 8 clips each, and BatchNorm sees one GPU's clips at a time. Here a
group of clips replaces a GPU: one process with G groups computes the same as G processes with one
group each.
"""

from typing import TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from fame.core.errors import FameError
from fame.models.fused_norm import fused_norm, ready, triton_version
from fame.models.narrow_norm import narrow_norm, suits

_DIMS: dict[type[_BatchNorm], int] = {nn.BatchNorm1d: 1, nn.BatchNorm2d: 2, nn.BatchNorm3d: 3}

AnyModule = TypeVar("AnyModule", bound=nn.Module)


class GroupBatchNorm(_BatchNorm):
    """BatchNorm whose training statistics come from contiguous groups of samples.

    State dict and evaluation mode are those of BatchNorm. In training, running statistics follow
    only the first group of a call, because a distributed run keeps the first process's buffers.

    Shape:
        (B, C, ...) -> the same; in training B must be a multiple of `group`.

    Args:
        num_features: C.
        group: samples per group, at least 1.
        dims: 1, 2 or 3, for the inputs of BatchNorm1d, 2d or 3d.
        eps: added to the variance.
        momentum: weight of the newest statistics, or None for the plain average of all.

    Attributes:
        update_running: whether running statistics are updated at all; in a distributed run, only
            in the process with the first group of the global batch.
        fused: whether all groups are normalised at once, by `fused_norm`, where it can.
    """

    def __init__(
        self,
        num_features: int,
        group: int,
        dims: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
    ) -> None:
        super().__init__(num_features, eps, momentum)
        self.group = _checked_group(group)
        self.dims = dims
        self.update_running = True
        self.fused = False

    def forward(self, input: Tensor) -> Tensor:
        """Normalise; raises `FameError` if the batch is not a multiple of the group."""
        if not self.training:
            return super().forward(input)
        if self.fuses(input):
            return self.in_one_pass(input, relu=False)
        self._check_input_dim(input)
        self._check_groups(input)
        if len(input) == self.group:
            return self._first(input)
        # A loop gives exactly the numbers of separate processes; one call on reshaped groups
        # would need two transposing copies, which cost more than they save.
        first, *others = input.split(self.group)
        return torch.cat([self._first(first), *map(self._rest, others)])

    def fuses(self, input: Tensor) -> bool:
        """Whether `in_one_pass` computes the training statistics of this input."""
        return (
            self.fused
            and self.training
            and self.affine
            and self.dims == 3
            and input.dim() == 5
            and ready(input.device)
        )

    def in_one_pass(self, input: Tensor, relu: bool, residual: Tensor | None = None) -> Tensor:
        """The input normalised, plus a residual, then clipped, by one kernel, in training.

        Raises:
            FameError: the batch is not a multiple of the group.
        """
        self._check_groups(input)
        groups = len(input) // self.group
        normalised, means, variances = fused_norm(
            input, self.weight, self.bias, groups, self.eps, relu, residual
        )
        if self.update_running:
            count = input.numel() // (groups * input.shape[1])
            known = slice(self.num_features)  # the rest pads
            self._follow(means[0, known], variances[0, known], count)
        return normalised

    def _first(self, samples: Tensor) -> Tensor:
        if not self.update_running:
            return self._rest(samples)
        if not suits(samples, self.weight):
            return super().forward(samples)
        normalised, mean, variance = narrow_norm(samples, self.weight, self.bias, self.eps)
        self._follow(mean, variance, samples.numel() // self.num_features)
        return normalised

    @torch.no_grad()
    def _follow(self, mean: Tensor, variance: Tensor, count: int) -> None:
        """Move the running statistics towards those of `count` values, as BatchNorm does."""
        if self.running_mean is None or self.running_var is None:
            return
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        newest = self.momentum
        if newest is None:
            newest = 1 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean, newest)
        self.running_var.lerp_(variance * (count / (count - 1)), newest)

    def _rest(self, samples: Tensor) -> Tensor:
        if suits(samples, self.weight):
            return narrow_norm(samples, self.weight, self.bias, self.eps)[0]
        return F.batch_norm(samples, None, None, self.weight, self.bias, True, 0.0, self.eps)

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() != self.dims + 2 and (self.dims, input.dim()) != (1, 2):
            raise ValueError(f"expected {self.dims + 2}-D input, got {input.dim()}-D")

    def _check_groups(self, input: Tensor) -> None:
        if len(input) == 0 or len(input) % self.group:
            raise FameError(
                f"a batch of {len(input)} clips cannot be cut into BatchNorm groups of "
                f"{self.group}; make the batch per process a multiple of the group size"
            )
        if self.group * input[0, 0].numel() == 1:
            raise FameError(
                "BatchNorm needs more than one value per channel but the group holds one sample; "
                "set the group size to at least 2"
            )

    def extra_repr(self) -> str:
        """The arguments shown by `print`."""
        return f"{super().extra_repr()}, group={self.group}, dims={self.dims}"


def convert(module: AnyModule, group: int) -> AnyModule:
    """Replace, in place, every BatchNorm1d, 2d and 3d in a module by a GroupBatchNorm.

    Parameters and buffers stay the same tensors. An existing GroupBatchNorm gets the new group
    size.

    Args:
        module: a network, or a single BatchNorm layer.
        group: samples per group, at least 1.

    Returns:
        `module`, or its replacement if it is a BatchNorm layer itself.
    """
    _checked_group(group)
    if isinstance(module, GroupBatchNorm):
        module.group = group
    if type(module) in _DIMS:
        return cast(AnyModule, _grouped(module, group))
    for name, child in module.named_children():
        setattr(module, name, convert(child, group))
    return module


def configure(module: nn.Module, update_running: bool, fused: bool) -> None:
    """Set `update_running` of every GroupBatchNorm in a module, and `fused` of all that have it."""
    for part in module.modules():
        if isinstance(part, GroupBatchNorm):
            part.update_running = update_running
        if hasattr(part, "fused"):
            part.fused = fused  # type: ignore[assignment]


def kernels(module: nn.Module, device: torch.device) -> str:
    """What normalises a module's training clips on a device: "pytorch", or "triton VERSION"."""
    asked = any(isinstance(part, GroupBatchNorm) and part.fused for part in module.modules())
    return f"triton {triton_version()}" if asked and ready(device) else "pytorch"


def _grouped(norm: nn.Module, group: int) -> GroupBatchNorm:
    assert isinstance(norm, _BatchNorm)
    grouped = GroupBatchNorm(norm.num_features, group, _DIMS[type(norm)], norm.eps, norm.momentum)
    grouped.affine, grouped.track_running_stats = norm.affine, norm.track_running_stats
    grouped.weight, grouped.bias = norm.weight, norm.bias
    grouped.running_mean, grouped.running_var = norm.running_mean, norm.running_var
    grouped.num_batches_tracked = norm.num_batches_tracked
    return grouped.train(norm.training)


def _checked_group(group: int) -> int:
    if group < 1:
        raise FameError(f"a BatchNorm group of {group} clips is empty; use a size of at least 1")
    return group
