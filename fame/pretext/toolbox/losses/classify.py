"""Cross-entropy of pretext labels, computed in float32 at least."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from fame.pretext.toolbox.losses.contrast import hits


def classify(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """The mean cross-entropy of (N, K) logits and (N,) int64 labels, and the share of hits.

    Under autocast too the loss is float32; at precision `float64` it stays float64.
    """
    full = logits.to(torch.promote_types(logits.dtype, torch.float32))
    return cross_entropy(full, labels), hits(full, labels)
