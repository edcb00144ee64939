"""The type in which losses are computed."""

import torch
from torch import Tensor


def wide(values: Tensor) -> Tensor:
    """The values in float32, or in float64 if they have it already: under autocast too."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
