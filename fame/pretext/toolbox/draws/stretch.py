"""MLRep's draw: two adjacent clips of one stretch of a video, and an overview of both."""

from dataclasses import dataclass

import numpy as np

CLIPS = 3


@dataclass(frozen=True)
class Stretch:
    """Draws clips A and B, one after the other at one rate, and C, every second frame of both.

    The rate is a real number, uniform from 1 to the fastest that fits. A video shorter than the
    stretch loops at rate 1.

    Attributes:
        frames: of a clip; the stretch has twice as many.
        fastest: the largest rate, in native frames from one frame to the next; at least 1.
    """

    frames: int
    fastest: float

    def __call__(self, n: int, generator: np.random.Generator) -> np.ndarray:
        """Frame numbers (3, frames) int64."""
        whole = 2 * self.frames
        if n < whole:
            positions = (int(generator.integers(n)) + np.arange(whole)) % n
        else:
            rate = float(generator.uniform(1, min(self.fastest, n / whole)))
            start = int(generator.integers(int(n - whole * rate) + 1))
            positions = np.floor(start + rate * np.arange(whole) + 0.5).astype(np.int64)
        return np.stack([positions[: self.frames], positions[self.frames :], positions[::2]])
