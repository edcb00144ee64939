"""A scale's `precision`: the type of weights, TF32, autocast."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


def parameter_dtype(precision: str) -> torch.dtype:
    """The type of weights and views at a precision; autocast leaves them in float32."""
    return torch.float64 if precision == "float64" else torch.float32


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """A context for the forward pass: autocast to bfloat16, at the precision of that name only."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bfloat16")


@contextmanager
def rounding(precision: str) -> Iterator[None]:
    """Within this context GPUs round the factors of float32 products to TF32, for `tf32` only.

    PyTorch allows it in convolutions by default, which the authors' V100 could not do. No other
    setting of cuDNN is touched: `torch.backends.cudnn.flags` turns off what is not passed.
    """
    convolutions, products = torch.backends.cudnn, torch.backends.cuda.matmul
    before = convolutions.allow_tf32, products.allow_tf32
    convolutions.allow_tf32 = products.allow_tf32 = precision == "tf32"
    try:
        yield
    finally:
        convolutions.allow_tf32, products.allow_tf32 = before
