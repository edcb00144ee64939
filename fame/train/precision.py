"""A scale's `precision`: dtype of weights, TF32, autocast."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


def parameter_dtype(precision: str) -> torch.dtype:
    """The dtype of weights and views at a precision; with autocast it is float32."""
    return torch.float64 if precision == "float64" else torch.float32


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """A context for the forward pass: autocast to bfloat16, only at precision `bfloat16`."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bfloat16")


@contextmanager
def rounding(precision: str) -> Iterator[None]:
    """A context in which GPUs round the factors of float32 products to TF32, only at `tf32`.

    PyTorch allows TF32 in convolutions by default, but the authors' V100 has none. No other cuDNN
    setting is changed; `torch.backends.cudnn.flags` would reset those that it is not given.
    """
    convolutions, products = torch.backends.cudnn, torch.backends.cuda.matmul
    before = convolutions.allow_tf32, products.allow_tf32
    convolutions.allow_tf32 = products.allow_tf32 = precision == "tf32"
    try:
        yield
    finally:
        convolutions.allow_tf32, products.allow_tf32 = before
