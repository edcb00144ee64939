"""Log-mel features of sound, as GDT (Patrick et al., ICCV 2021) computes them.

Pre-emphasis, rectangular windows of 20 ms every 10 ms, power spectra of 1,024 points divided by as
many, 40 triangles equally spaced in mel from 0 to half the rate, the natural logarithm. The last
window is filled with zeros. Samples are 16-bit integers as they are, since the normalisation's
constants are for that scale.

The spectra and the filter bank are torchaudio's. The release's package rounds the edges of the
triangles to bins of the spectrum; here they are where the formula puts them.
"""

from math import ceil
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from fame.data.video.sound import RATE

BANDS = 40
POINTS = 1024
"""Of a spectrum."""

EMPHASIS = 0.97
LEAST = 2.0**-52
"""In place of smaller energies, so that silence has a logarithm."""

MEAN, STD = 1.93, 17.89
"""Of the release's training data, at 24 kHz."""


class LogMel(nn.Module):
    """From sound to normalised features.

    Shape:
        (..., samples) int16 to (..., 40, steps) floating point; see `steps`.

    Args:
        rate: samples per second.
    """

    def __init__(self, rate: int = RATE) -> None:
        super().__init__()
        # Imported here, so that methods that hear nothing need no torchaudio.
        from torchaudio.transforms import MelSpectrogram

        self.length, self.hop = round(0.02 * rate), round(0.01 * rate)
        self.mel: Any = MelSpectrogram(
            rate,
            n_fft=POINTS,
            win_length=self.length,
            hop_length=self.hop,
            n_mels=BANDS,
            window_fn=torch.ones,
            center=False,
            power=2.0,
        )

    def steps(self, samples: int) -> int:
        """How many windows there are of so many samples: 99 of a second at 24 kHz."""
        return 1 + ceil(max(samples - self.length, 0) / self.hop)

    @torch.no_grad()
    def forward(self, sound: Tensor, volume: Tensor | None = None) -> Tensor:
        """Features, of sound multiplied by `volume` (...) if given."""
        samples = sound.to(self.mel.spectrogram.window.dtype)
        if volume is not None:
            samples = samples * volume.to(samples)[..., None]
        before = pad(samples, (1, 0))[..., :-1]
        with torch.autocast(sound.device.type, enabled=False):
            energies = self.mel(self._framed(samples - EMPHASIS * before)) / POINTS
        features: Tensor = (energies.clamp_min(LEAST).log() - MEAN) / STD
        return features

    def _framed(self, samples: Tensor) -> Tensor:
        """Filled so that the spectra's windows, which lie in the middle of 1,024 points, fit."""
        count = samples.shape[-1]
        left = (POINTS - self.length) // 2
        whole = (self.steps(count) - 1) * self.hop + POINTS
        return pad(samples, (left, whole - left - count))
