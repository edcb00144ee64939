"""Grey, jitter and blur drawn anew for each frame.

Pace Prediction and TempTrans do so: a network cannot infer the distance of two frames in
time by how little their low-level colours differ.
"""

import torch
from torch import Tensor

from fame.augment.photometric import photometric
from fame.augment.view_draws import ViewDraws, draw
from fame.config.views import ViewSettings
from fame.data.clips.batch import Batch


def colour_frames(
    clips: Tensor, settings: ViewSettings, seed: int, purpose: str, batch: Batch
) -> Tensor:
    """Each frame as a clip of its own, the switches of grey, jitter and blur included.

    Args:
        clips: (B, 3, T, H, W) float RGB in [0, 1]; not modified.
        settings: ranges and probabilities.
        seed: the run's seed.
        purpose: name of the view; the number of the frame within the clip is added.
        batch: gives the keys of the draws.

    Returns:
        (B, 3, T, H, W) in [0, 1].
    """
    count, colours, length, height, width = clips.shape
    drawn = [
        draw(settings, seed, f"{purpose} frame{t}", batch.epochs, batch.indices, batch.sizes)
        for t in range(length)
    ]
    every = ViewDraws(
        *(torch.cat(parts) for parts in zip(*(vars(one).values() for one in drawn), strict=True))
    )
    frames = clips.permute(2, 0, 1, 3, 4).reshape(length * count, colours, 1, height, width)
    changed = photometric(frames, every, settings.jitter_kind)
    changed = changed.view(length, count, colours, height, width)
    return changed.permute(1, 2, 0, 3, 4).contiguous()
