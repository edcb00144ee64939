"""Clips around random centres that may overhang the video (SRTC's release)."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Overhanging:
    """Draws clips around centres that are uniform over the video.

    Beyond the video its first or last frame is repeated, so that the clip is still there.
    """

    frames: int
    stride: int
    clips: int

    def __call__(self, n: int, generator: np.random.Generator) -> np.ndarray:
        """Frame numbers (clips, frames) int64 in a video of `n` frames."""
        centres = generator.integers(n, size=self.clips)
        steps = self.stride * (np.arange(self.frames) - self.frames // 2)
        return np.clip(centres[:, None] + steps, 0, n - 1)
