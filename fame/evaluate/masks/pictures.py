"""What the figures of masks and merging show, as plain arrays. No torch."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Masked:
    """One frame of a clip with the clip's mask by each variant.

    Attributes:
        title: what the clip is called.
        frame: (H, W, 3) uint8 RGB, the middle one.
        masks: variant to (H, W) float32 in [0, 1], 1 = foreground; left to right.
    """

    title: str
    frame: Bytes
    masks: dict[str, Floats]


@dataclass(frozen=True)
class TrainingPair:
    """A positive pair as a training step makes it; clips are (T, S, S, 3) floats in [0, 1].

    Attributes:
        first: the clip that is merged: cropped, resized, flipped.
        second: the other clip of the same video, likewise.
        donor: the clip that gives the background.
        mask: (S, S) in [0, 1], of `first`.
        merged: `first` inside the mask, `donor` outside.
        first_view: the merged clip after grey, jitter and blur.
        second_view: what becomes of `second`: merged too, if the recipe merges both.
        both: whether it does.
        video: the video's id.
    """

    first: Floats
    second: Floats
    donor: Floats
    mask: Floats
    merged: Floats
    first_view: Floats
    second_view: Floats
    both: bool
    video: str
