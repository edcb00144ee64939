"""The input of an encoder: uniform clips of a video, one centre crop, normalisation."""

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from fame.augment.crop import centre_boxes, crop_resize_flip, frame_boxes
from fame.augment.photometric import normalise
from fame.config.normalisation import MEAN_STD, Normalisation
from fame.config.scale import Backbone, Scale
from fame.config.views import ViewSettings


@dataclass(frozen=True)
class ClipSpec:
    """The encoder's input settings; the features depend on all of them.

    Attributes:
        clips: uniform clips of each video (facts A8: 10).
        frames: of a clip.
        stride: native frames from one frame of a clip to the next.
        size: side of the crop in pixels.
        crop: `short-side` resizes to 8/7 of `size` first, `native` does not.
        mean: subtracted from RGB in [0, 1], last of all.
        std: RGB is divided by it.
        max_short_side: frames with a larger short side are scaled down to it when read, or None.
    """

    clips: int
    frames: int
    stride: int
    size: int
    crop: Literal["short-side", "native"]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    max_short_side: int | None

    @classmethod
    def of(cls, scale: Scale, backbone: Backbone, views: ViewSettings) -> "ClipSpec":
        """From a scale; only the mean and std of `views` are used."""
        return cls(
            clips=scale.evaluate.clips,
            frames=backbone.frames,
            stride=backbone.stride,
            size=backbone.size,
            crop=scale.evaluate.crop,
            mean=views.mean,
            std=views.std,
            max_short_side=scale.max_short_side,
        )

    def with_normalisation(self, name: Normalisation) -> "ClipSpec":
        """The same with a named normalisation; `pretraining` leaves it as it is."""
        if name == "pretraining":
            return self
        mean, std = MEAN_STD[name]
        return replace(self, mean=mean, std=std)

    def cropped(self, clips: Tensor, sizes: Tensor) -> Tensor:
        """Centre crops, not yet normalised.

        Args:
            clips: (B, n, C, T, H, W) uint8, padded at the right and bottom to a common size.
            sizes: (B, 2), each video's true height and width.

        Returns:
            (B, n, C, T, size, size) float32 in [0, 1].
        """
        videos, count = clips.shape[:2]
        native = sizes.numpy().repeat(count, axis=0)
        boxes, frames = centre_boxes(native, self.size, self.crop), frame_boxes(native)
        unmirrored = torch.zeros(videos * count, dtype=torch.bool)
        views = crop_resize_flip(clips.flatten(0, 1), boxes, unmirrored, self.size, frames)
        return views.unflatten(0, (videos, count))

    def normalised(self, views: Tensor) -> Tensor:
        """Views (..., 3, T, S, S) in [0, 1], normalised for the encoder."""
        return normalise(views, self.mean, self.std)
