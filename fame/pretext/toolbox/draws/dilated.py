"""PRP's draw: a clip at one of several rates, with all frames that its reconstruction needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from fame.data.clips.sampling import Labelled
from fame.pretext.toolbox.views.motion_map import stills


def needed(frames: int, rate: int) -> int:
    """Native frames of a window; rate 1 needs one more, for the last mean."""
    return frames * rate + (rate == 1)


@dataclass(frozen=True)
class Dilated:
    """Draws a clip at one of the rates that fit, the frames between, and the motion's stills.

    Slot 0 is the clip; slot 1 the frames halfway to the next (at rate 1, the next); from slot 2 on,
    flattened, four stills for each of as many pieces as the largest rate. A window has as many
    pieces as its rate; the others repeat the first.
    """

    frames: int
    rates: Sequence[int]

    def __call__(self, n: int, generator: np.random.Generator) -> Labelled:
        """Frame numbers (slots, T); the rate's label, and whether the video loops."""
        fitting = [rate for rate in self.rates if needed(self.frames, rate) <= n]
        looped = not fitting
        fitting = fitting or [self.rates[0]]
        room = n if looped else n - needed(self.frames, fitting[-1]) + 1
        start = int(generator.integers(room))
        label = int(generator.integers(len(fitting)))
        frames = (start + self._offsets(self.rates[label])) % n
        return Labelled(frames, np.array([label, int(looped)]))

    def _offsets(self, rate: int) -> np.ndarray:
        clip = rate * np.arange(self.frames)
        pieces = np.arange(max(self.rates))
        first = np.where(pieces < rate, pieces, 0) * self.frames
        pictures = (first[:, None] + stills(self.frames)).reshape(-1)
        slots = ceil(len(pictures) / self.frames)
        return np.stack(
            [clip, clip + max(rate // 2, 1), *np.resize(pictures, (slots, self.frames))]
        )
