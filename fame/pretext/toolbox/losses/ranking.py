"""Which of two keys a query is more like (RSPNet; Chen et al., AAAI 2021)."""

from torch import Tensor

from fame.pretext.toolbox.losses.contrast import paired


def ranking(query: Tensor, key: Tensor, other: Tensor, margin: float, temperature: float) -> Tensor:
    """The loss of each query: max(0, margin - (q.k - q.k')) / temperature, in float32.

    Args:
        query: (B, D) unit vectors.
        key: (B, D) unit vectors; each query should be more like its key
        other: (B, D) unit vectors; than like this.
        margin: of the cosine.
        temperature: of the loss.

    Returns:
        (B,).
    """
    gap = paired(query, key, temperature) - paired(query, other, temperature)
    return (margin / temperature - gap[:, 0]).clamp(min=0)


def ranked(query: Tensor, key: Tensor, other: Tensor) -> Tensor:
    """The share of queries more like `key` than like `other`; a tie counts half."""
    gap = (paired(query, key, 1) - paired(query, other, 1))[:, 0]
    return (gap.sign().float() + 1).mean() / 2
