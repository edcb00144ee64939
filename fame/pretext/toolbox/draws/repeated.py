"""Drawn clips in several slots, so that one clip is seen in several views."""

from dataclasses import dataclass

import numpy as np

from fame.data.clips.sampling import Draw, Labelled


@dataclass(frozen=True)
class Repeated:
    """Another draw's clips, each slot with one of them; perhaps all of them backwards.

    Attributes:
        draw: gives frame numbers without labels.
        slots: for each slot, the number of the drawn clip.
        reversal: probability that all clips of a video run backwards.
    """

    draw: Draw
    slots: tuple[int, ...]
    reversal: float = 0.0

    def __call__(self, n: int, generator: np.random.Generator) -> np.ndarray:
        """Frame numbers (slots, frames) int64 in a video of `n` frames."""
        drawn = self.draw(n, generator)
        assert not isinstance(drawn, Labelled)
        numbers = drawn[list(self.slots)]
        if self.reversal and generator.random() < self.reversal:
            return numbers[:, ::-1].copy()
        return numbers
