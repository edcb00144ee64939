"""How often predicted numbers stand in the right order: an accuracy for regressions."""

import torch
from torch import Tensor


def concordance(predicted: Tensor, labels: Tensor) -> Tensor:
    """The share of pairs of videos that predictions order as their labels do.

    Pairs of equal labels do not count, equal predictions count half. So a guess has 0.5,
    however labels are distributed.

    Args:
        predicted: (B, K) numbers.
        labels: (B, K) likewise; each column is compared on its own.

    Returns:
        A scalar in [0, 1], over all columns together; 0.5 if no labels differ.
    """
    guesses, order = (torch.sign(_differences(values)) for values in (predicted, labels))
    pairs = order.abs().sum()
    return 0.5 + 0.5 * (guesses * order).sum() / pairs.clamp(min=1)


def _differences(values: Tensor) -> Tensor:
    """Of all pairs of rows, (B, B, K)."""
    return (values[:, None] - values[None]).float()
