"""ASCNet's draw: a clip at single and a clip at double speed, from independent starts."""

from dataclasses import dataclass

import numpy as np

from fame.data.clips.sampling import clip_indices, number_of_starts
from fame.pretext.toolbox.speeds import SPEEDS


@dataclass(frozen=True)
class PairedSpeeds:
    """Draws a clip at single and one at double speed.

    Both start wherever the faster one fits, so that the place says nothing of the speed; in a video
    shorter than that, both loop.

    Attributes:
        frames: of a clip.
        stride: native frames from one frame to the next at single speed.
    """

    frames: int
    stride: int

    def __call__(self, n: int, generator: np.random.Generator) -> np.ndarray:
        """Frame numbers (2, frames) int64, the clip at single speed first."""
        count = number_of_starts(n, self.frames, max(SPEEDS) * self.stride)
        return np.stack(
            [
                clip_indices(int(generator.integers(count)), n, self.frames, speed * self.stride)
                for speed in SPEEDS
            ]
        )
