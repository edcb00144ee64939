"""Stochastic gradient descent with momentum.

Calls the function behind `torch.optim.SGD` and equals that class bit for bit (tested). The class is
not used because its first instance imports PyTorch's compiler, which takes 2 to 5 s in each of the
about hundred trainings and probes of a mini table.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim.sgd import sgd


class SGD:
    """The optimiser.

    Args:
        parameters: the parameters to train; those that never get a gradient do not change.
        momentum: factor of the previous update.
        weight_decay: this multiple of a parameter is added to its gradient.

    Attributes:
        parameters: in order.
    """

    def __init__(
        self, parameters: Iterable[torch.nn.Parameter], momentum: float, weight_decay: float
    ) -> None:
        self.parameters = list(parameters)
        self._momentum, self._weight_decay = momentum, weight_decay
        self._momenta: list[Tensor | None] = [None] * len(self.parameters)

    def zero_grad(self) -> None:
        """Reset the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self, lr: float) -> None:
        """Update every parameter that has a gradient."""
        rows = [row for row, parameter in enumerate(self.parameters) if parameter.grad is not None]
        weights: list[Tensor] = [self.parameters[row] for row in rows]
        momenta = [self._momenta[row] for row in rows]
        sgd(
            weights,
            [weight.grad for weight in weights if weight.grad is not None],
            momenta,
            lr=lr,
            momentum=self._momentum,
            weight_decay=self._weight_decay,
            dampening=0,
            nesterov=False,
            maximize=False,
        )
        for row, momentum in zip(rows, momenta, strict=True):
            self._momenta[row] = momentum

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint must hold, in the form that `torch.optim.SGD` gives it."""
        moved = {row: m for row, m in enumerate(self._momenta) if m is not None}
        return {"state": {row: {"momentum_buffer": momentum} for row, momentum in moved.items()}}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Load the momenta of a checkpoint of this class or of `torch.optim.SGD`."""
        for row, parameter in enumerate(self.parameters):
            momentum = state["state"].get(row, {}).get("momentum_buffer")
            self._momenta[row] = None if momentum is None else momentum.to(parameter)
