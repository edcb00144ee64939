"""Work of a GPU beside what it was asked for before."""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar

import torch

T = TypeVar("T")


def aside(device: torch.device, action: Callable[[], T]) -> T:
    """Do something on a stream of its own; what the GPU is asked for later waits for it.

    A step's clips are moved and its views made so, while the GPU still computes the gradients of
    the step before. The action must not need anything that the device has still to compute.

    Args:
        device: where the action computes. On a CPU the action is just called.
        action: gives a tensor, a sequence of tensors or a dataclass of such.
    """
    if device.type != "cuda":
        return action()
    main, side = torch.cuda.current_stream(device), _side(device)
    with torch.cuda.stream(side):
        result = action()
    main.wait_stream(side)
    for tensor in _tensors(result):
        if tensor.is_cuda:
            tensor.record_stream(main)  # else its memory could be used again too early
    return result


@cache
def _side(device: torch.device) -> torch.cuda.Stream:
    return torch.cuda.Stream(device)


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from _tensors(getattr(value, field.name))
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _tensors(part)
