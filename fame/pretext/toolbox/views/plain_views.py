"""Plain views: a square of seven eighths of the frame's short side, without flip or colours.

VCOP, VCP and PRP resize frames to 128 x 171 and crop 112 x 112. On 4:3 frames, such as UCF101's,
that is this crop to within half a pixel; wider frames are not squeezed here.
"""

import numpy as np
import torch
from torch import Tensor

from fame.augment.crop import centre_boxes, crop_resize_flip, frame_boxes
from fame.augment.views import Views
from fame.config.scale import Protocol
from fame.core.randomness import generator
from fame.data.clips.batch import Batch


class PlainViews:
    """Views of whole slots, in [0, 1]: a pure function of (seed, epoch, sample, slot).

    Args:
        size: side of the views, in pixels.
        seed: the run's seed.
        centre: the crop is central; else its place is drawn for each slot.
        dtype: of the views.
    """

    def __init__(
        self, size: int, seed: int, centre: bool, dtype: torch.dtype = torch.float32
    ) -> None:
        self._size, self._seed, self._centre, self._dtype = size, seed, centre, dtype

    def __call__(self, batch: Batch, step: int) -> list[Tensor]:
        """Views of every clip slot.

        Args:
            batch: clips (B, N, 3, T, H, W) uint8.
            step: without effect, as the crops are keyed by epoch.

        Returns:
            N tensors (B, 3, T, size, size) in [0, 1].
        """
        slots = range(batch.clips.shape[1])
        return [self._cut(batch, slot).to(self._dtype) for slot in slots]

    def _cut(self, batch: Batch, slot: int) -> Tensor:
        boxes = centre_boxes(batch.sizes, self._size, "short-side")
        if not self._centre:
            boxes[:, :2] = self._places(batch, slot) * (batch.sizes - boxes[:, 2:])
        flip = torch.zeros(len(boxes), dtype=torch.bool)
        readable = frame_boxes(batch.sizes)
        return crop_resize_flip(batch.clips[:, slot], boxes, flip, self._size, readable)

    def _places(self, batch: Batch, slot: int) -> Tensor:
        """Top and left of each crop as shares of the room, (B, 2) in [0, 1)."""
        keys = zip(batch.epochs.tolist(), batch.indices.tolist(), strict=True)
        drawn = [generator(self._seed, f"plain-crop{slot}", *key).random(2) for key in keys]
        return torch.from_numpy(np.stack(drawn))


def plain_or(views: Views, protocol: Protocol, seed: int) -> Views | PlainViews:
    """Plain views, at drawn places, for `own`; the scale's for `fame`."""
    return views if protocol == "fame" else PlainViews(views.size, seed, False, views.dtype)
