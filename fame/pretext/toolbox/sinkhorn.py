"""Codes that use all prototypes equally (SwAV; Caron et al., NeurIPS 2020)."""

import torch
from torch import Tensor


@torch.no_grad()
def sinkhorn(scores: Tensor, epsilon: float, rounds: int) -> Tensor:
    """Shares of each sample in the prototypes, whose sums over samples are nearly equal.

    Args:
        scores: (N, K) similarities of samples and prototypes, in [-1, 1].
        epsilon: the smaller, the harder the codes; at 0.05 they fit into float32.
        rounds: of making prototypes equal, then samples.

    Returns:
        (N, K) without gradient; each row sums to 1.
    """
    codes = ((scores - scores.max()) / epsilon).exp()
    for _ in range(rounds):
        codes = codes / codes.sum(dim=0, keepdim=True)
        codes = codes / codes.sum(dim=1, keepdim=True)
    return codes
