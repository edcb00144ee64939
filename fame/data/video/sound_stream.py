"""Write sound into a container in step with its pictures."""

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt


class SoundStream:
    """A sound stream of one channel in a container that is being written.

    Made before the first picture is encoded; sound and pictures are then written side by side, so
    that a reader need not seek between them.

    Args:
        container: an open PyAV output.
        codec: the encoder's name, `pcm_s16le` or `aac`.
        samples: (N,) int16.
        rate: samples per second.
    """

    def __init__(
        self, container: Any, codec: str, samples: npt.NDArray[np.int16], rate: int
    ) -> None:
        self._container, self._samples, self._rate = container, samples, rate
        self._stream = container.add_stream(codec, rate=rate, layout="mono")
        self._done = 0

    def until(self, seconds: float) -> None:
        """Write the samples that come before a time, from the first sample on."""
        self._write(min(round(seconds * self._rate), len(self._samples)))

    def finish(self) -> None:
        """Write the rest."""
        self._write(len(self._samples))
        self._container.mux(self._stream.encode(None))

    def _write(self, end: int) -> None:
        # Imported here, so that settings can be read without a codec installed.
        import av

        if end <= self._done:
            return
        part = np.ascontiguousarray(self._samples[None, self._done : end])
        frame = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
        frame.sample_rate, frame.time_base = self._rate, Fraction(1, self._rate)
        frame.pts = self._done
        self._container.mux(self._stream.encode(frame))
        self._done = end
