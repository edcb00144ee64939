"""Several views of each video as one batch of clips."""

from collections.abc import Sequence

import torch
from torch import Tensor


def interleaved(views: Sequence[Tensor]) -> Tensor:
    """Views of the same videos as one batch, video by video: N of (B, ...) -> (B * N, ...).

    Row b * N + n is view n of video b, so that every BatchNorm group holds all kinds of views. If a
    group held one kind only, as one view after the other would give, BatchNorm would subtract
    just what the kind has in common.
    """
    return torch.stack(tuple(views), dim=1).flatten(0, 1)
