"""InfoNCE logits (van den Oord et al., 2018), always computed in float32."""

import torch
from torch import Tensor

from fame.core.distributed import World


def contrast(query: Tensor, key: Tensor, negatives: Tensor, temperature: float) -> Tensor:
    """InfoNCE logits with the positive in column 0.

    Args:
        query: (B, D) unit vectors.
        key: (B, D) unit vectors; row i is the positive of query i.
        negatives: (K, D) unit vectors.
        temperature: divides every similarity.

    Returns:
        (B, 1 + K).
    """
    # In bfloat16 a similarity divided by 0.1 would have an error of up to 0.04.
    with torch.autocast(query.device.type, enabled=False):
        positive = (query * key).sum(dim=1, keepdim=True)
        return torch.cat([positive, query @ negatives.T], dim=1) / temperature


def contrast_in_batch(
    query: Tensor, keys: Tensor, first: int, temperature: float
) -> tuple[Tensor, Tensor]:
    """InfoNCE logits against all keys of the global batch, and the positives' columns.

    Args:
        query: (B, D), this process's queries.
        keys: (N, D), the keys of the global batch.
        first: the row of the first query in the global batch.
        temperature: divides every similarity.

    Returns:
        (B, N) logits and (B,) int64 targets.
    """
    targets = torch.arange(first, first + len(query), device=query.device)
    with torch.autocast(query.device.type, enabled=False):
        return query @ keys.T / temperature, targets


def paired(query: Tensor, other: Tensor, temperature: float) -> Tensor:
    """The logit of each query with one other vector: two (B, D) of unit vectors -> (B, 1)."""
    with torch.autocast(query.device.type, enabled=False):
        return (query * other).sum(dim=1, keepdim=True) / temperature


def hits(logits: Tensor, targets: Tensor) -> Tensor:
    """The share of rows whose largest logit is the target's: (B, K) and (B,) -> a scalar."""
    return (logits.argmax(dim=1) == targets).float().mean()


def own_rows(world: World, count: int) -> slice:
    """The rows of the global batch that belong to this process, `count` in number."""
    return slice(world.rank * count, (world.rank + 1) * count)
