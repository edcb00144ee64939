"""A gated recurrent unit on maps, as MemDPC has it: every gate is a 1 x 1 convolution."""

import torch
from torch import Tensor, nn


def orthogonal(network: nn.Module, gain: float) -> nn.Module:
    """The network, whose convolutions start orthogonal with that gain and without biases."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.orthogonal_(module.weight, gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return network


class ConvGRU(nn.Module):
    """One step of the unit: h' = (1 - u) h + u o.

    u = sigmoid(W_u [x, h]), r = sigmoid(W_r [x, h]) and o = tanh(W_o [x, r h]).

    Args:
        channels: of the inputs x and of the state h.
        gain: of the orthogonal initial weights.
    """

    def __init__(self, channels: int, gain: float) -> None:
        super().__init__()
        self.update, self.reset, self.out = (
            nn.Conv2d(2 * channels, channels, kernel_size=1) for _ in range(3)
        )
        orthogonal(self, gain)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        """(B, C, h, w) and a state (B, C, h, w) -> the next state (B, C, h, w)."""
        both = torch.cat([x, state], dim=1)
        update, reset = torch.sigmoid(self.update(both)), torch.sigmoid(self.reset(both))
        out = torch.tanh(self.out(torch.cat([x, reset * state], dim=1)))
        return state + update * (out - state)  # under autocast the types differ: no lerp
