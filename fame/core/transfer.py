"""Small tensors on their way to a GPU."""

import torch
from torch import Tensor


def sent(values: Tensor, device: torch.device) -> Tensor:
    """The values on a device; the host does not wait for a copy from its memory to a GPU.

    A copy from ordinary memory waits until the GPU has done all its work; one from page-locked
    memory does not. PyTorch keeps that memory until it has been read.
    """
    if device.type != "cuda" or values.device.type != "cpu":
        return values.to(device)
    return values.pin_memory().to(device, non_blocking=True)
