"""Dense contrast, as DPC and MemDPC have it: each place of each predicted map finds its own."""

import torch
from torch import Tensor


def dense_scores(predicted: Tensor, true: Tensor) -> tuple[Tensor, Tensor]:
    """Dot products of every predicted with every true vector, without norm or temperature.

    Args:
        predicted: (B, P, C, h, w), maps of P blocks of B videos.
        true: (B, P, C, h, w).

    Returns:
        (R, R) logits and (R,) int64 targets; R = B * P * h * w, ordered by video, block and place.
    """
    rows, columns = (maps.movedim(2, -1).flatten(0, -2) for maps in (predicted, true))
    # In bfloat16 sums over hundreds of channels would have errors of whole units.
    with torch.autocast(predicted.device.type, enabled=False):
        return rows @ columns.T, torch.arange(len(rows), device=rows.device)


def hits_at_place(scores: Tensor, places: int) -> Tensor:
    """The share of rows whose best among the columns of their own place is right: a scalar.

    Args:
        scores: (R, R), as `dense_scores` gives them.
        places: h * w.
    """
    blocks = len(scores) // places
    here = torch.arange(places, device=scores.device)
    alike = scores.view(blocks, places, blocks, places)[:, here, :, here]
    right = torch.arange(blocks, device=scores.device)
    return (alike.argmax(dim=2) == right).float().mean()
