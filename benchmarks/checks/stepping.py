"""Training steps outside the training loop, for timing or comparison."""

import time
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from fame.config.optimiser import Optimiser
from fame.data.clips.batch import Batch
from fame.pretext.common import Method
from fame.train.precision import autocast, rounding
from fame.train.sgd import SGD

Arithmetic = Literal["float32", "tf32", "bfloat16"]


class Stepper:
    """Repeated optimiser steps on one batch.

    Args:
        method: on its device.
        batch: on the same device.
        optimiser: SGD settings.
        kind: the precision.
        device: of both.
    """

    def __init__(
        self,
        method: Method,
        batch: Batch,
        optimiser: Optimiser,
        kind: Arithmetic,
        device: torch.device,
    ) -> None:
        self._method, self._batch, self._kind, self._device = method, batch, kind, device
        trained = [parameter for parameter in method.parameters() if parameter.requires_grad]
        self._sgd = SGD(trained, optimiser.momentum, optimiser.weight_decay)
        self._lr = optimiser.lr
        self._step = 0

    def forward(self) -> Tensor:
        """The loss, with its graph."""
        with rounding(self._kind), autocast(self._kind, self._device):
            loss, _ = self._method.loss(self._batch, self._step)
        self._step += 1
        return loss

    def backward(self, loss: Tensor) -> None:
        """New gradients."""
        self._sgd.zero_grad()
        with rounding(self._kind):
            loss.backward()

    def update(self) -> None:
        """Move the parameters."""
        self._sgd.step(self._lr)

    def __call__(self) -> None:
        """A whole step; it waits for the loss, which the training loop checks."""
        loss = self.forward()
        if not torch.isfinite(loss):
            raise ArithmeticError(f"the loss is {loss.item()} at step {self._step}")
        self.backward(loss)
        self.update()


def seconds(action: Callable[[], object], times: int, device: torch.device) -> list[float]:
    """The seconds that an action takes, each time until the device has finished."""
    durations = []
    for _ in range(times):
        _wait(device)
        started = time.perf_counter()
        action()
        _wait(device)
        durations.append(time.perf_counter() - started)
    return durations


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
