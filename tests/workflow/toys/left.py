"""A mask in a file of its own: whatever is on the left is foreground."""

import torch
from torch import Tensor


def mask(clips: Tensor, beta: float) -> Tensor:
    """Mark the left share `beta` of the columns: (B, 3, T, H, W) to (B, H, W), 0 or 1."""
    width = clips.shape[-1]
    columns = torch.arange(width, device=clips.device) < int(beta * width)
    return columns.to(clips.dtype).expand(len(clips), clips.shape[-2], width)
