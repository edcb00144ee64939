"""The shapes of an encoder's maps, for heads on stages before the last."""

import torch

from fame.models.encoder import Encoder, fast_layout


@torch.no_grad()
def stage_shapes(encoder: Encoder, frames: int, size: int) -> list[tuple[int, ...]]:
    """(C, t, h, w) of the map of each stage, found by encoding one empty clip; nothing changes.

    Args:
        encoder: on any device, in training or not.
        frames: of the clip.
        size: of the clip, in pixels.

    Raises:
        FameError: the architecture does not provide stages.
    """
    was, weight = encoder.training, next(encoder.parameters())
    clip = torch.zeros(1, 3, frames, size, size, dtype=weight.dtype, device=weight.device)
    maps = encoder.eval().stages(fast_layout(clip))
    encoder.train(was)
    return [tuple(one.shape[1:]) for one in maps]
