"""The interface of encoders: pooled features, maps of the last stage or all stages."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from fame.core.errors import FameError
from fame.models.norm_relu import through


def fast_layout(x: Tensor) -> Tensor:
    """The same clips, channels last in memory: 3-D convolutions are a fifth faster on CPUs."""
    return x.contiguous(memory_format=torch.channels_last_3d)


class Encoder(nn.Module, ABC):
    """A video backbone without a head (heads belong to the pretext method or to the task).

    Attributes:
        feature_dim: number of channels C of the last map and of the pooled feature.
    """

    feature_dim: int

    @abstractmethod
    def maps(self, x: Tensor) -> Tensor:
        """The activations of the last stage.

        Args:
            x: normalised clips, (B, 3, T, H, W), floating point.

        Returns:
            (B, C, t, h, w), non-negative (every architecture ends in a ReLU).
        """

    def forward(self, x: Tensor) -> Tensor:
        """The last map averaged over space and time: (B, 3, T, H, W) -> (B, C)."""
        return self.maps(fast_layout(x)).mean(dim=(2, 3, 4))

    def stages(self, x: Tensor) -> list[Tensor]:
        """The maps of all stages in order, (B, C_i, t_i, h_i, w_i) each.

        The last one equals `maps(x)`. For methods that read earlier stages.

        Raises:
            FameError: the architecture does not provide stages.
        """
        raise FameError(f"{type(self).__name__} offers its last map only; build it as `Staged`")

    def signed(self, x: Tensor) -> Tensor:
        """The input of the last ReLU, (B, C, t, h, w); `maps(x)` is its positive part.

        Raises:
            FameError: the architecture does not declare its last ReLU.
        """
        raise FameError(f"{type(self).__name__} has no signed map; build it as `Staged`")


class Staged(Encoder):
    """An encoder of parts that run one after the other.

    Args:
        parts: modules by name, in the order of execution; names are prefixes in the state dict.
        ends: names of the parts that end a stage; the last part is one of them.
        feature_dim: channels of the last part's output.
    """

    def __init__(
        self, parts: Mapping[str, nn.Module], ends: Iterable[str], feature_dim: int
    ) -> None:
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)
        self.feature_dim = feature_dim
        self._ends = frozenset(ends)

    def maps(self, x: Tensor) -> Tensor:
        """The last part's output; see `Encoder.maps`."""
        return through(self.children(), x)

    def stages(self, x: Tensor) -> list[Tensor]:
        """The outputs of the parts that end a stage; see `Encoder.stages`."""
        outputs = []
        for name, part in self.named_children():
            x = part(x)
            if name in self._ends:
                outputs.append(x)
        return outputs

    def signed(self, x: Tensor) -> Tensor:
        """The last part's output before its ReLU; see `Encoder.signed`."""
        return before_last_relu(nn.Sequential(*self.children()), x)


def before_last_relu(part: nn.Module, x: Tensor) -> Tensor:
    """A module's output without the ReLU at its end.

    Args:
        part: `nn.ReLU`, a block with a `signed(x)`, or a sequence that ends in one of these.
        x: its input.

    Raises:
        FameError: the module is none of these.
    """
    if isinstance(part, nn.Sequential):
        *first, last = part
        for module in first:
            x = module(x)
        return before_last_relu(last, x)
    if isinstance(part, nn.ReLU):
        return x
    signed = getattr(part, "signed", None)
    if signed is None:
        raise FameError(f"{type(part).__name__} has no method `signed`; give it one")
    output: Tensor = signed(x)
    return output
