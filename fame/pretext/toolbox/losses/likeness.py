"""MLRep's graph: which videos of a batch are alike at the top, as a target for lower stages."""

import torch
from torch import Tensor


@torch.no_grad()
def likeness(
    first: Tensor, second: Tensor, codes: Tensor, threshold: float, temperature: float
) -> Tensor:
    """The graph of a batch.

    A softmax of similarities; off the diagonal, shares below the threshold and pairs with different
    codes are dropped.

    Args:
        first: (N, D) unit vectors.
        second: (N, D) unit vectors.
        codes: (N,) int64, the prototype of each video.
        threshold: in [0, 1].
        temperature: divides every similarity.

    Returns:
        (N, N) without gradient; each row sums to 1.
    """
    shares = (first @ second.T / temperature).softmax(dim=1)
    kept = (shares >= threshold) & (codes[:, None] == codes[None])
    kept |= torch.eye(len(codes), dtype=torch.bool, device=codes.device)
    shares = shares * kept
    return shares / shares.sum(dim=1, keepdim=True)


def follow_graph(first: Tensor, second: Tensor, graph: Tensor, temperature: float) -> Tensor:
    """The cross-entropy of each row of a graph and a softmax of similarities, (N,).

    Args:
        first: (N, D) unit vectors.
        second: (N, D) unit vectors.
        graph: (N, N), rows that sum to 1.
        temperature: divides every similarity.
    """
    return -(graph * (first @ second.T / temperature).log_softmax(dim=1)).sum(dim=1)
