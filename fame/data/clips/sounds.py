"""The sound beside clips: windows of equal length, cut at the moments at which clips begin.

A window that would overrun its video is the video's last one, and a video shorter than a window
loops, as its frames do.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from fame.core.errors import FameError
from fame.data.manifest import Manifest
from fame.data.video.facts import DecodeError
from fame.data.video.sound import RATE, Samples, Track, read_sound

HEARD, NO_TRACK, SILENT, UNDECODABLE = range(4)
OUTCOMES = ("heard", "no_track", "silent", "undecodable")
"""What became of a video's sound: windows that are not silent, no sound stream in the file, a
window of zeros only, or a stream of which nothing decodes."""


@dataclass(frozen=True)
class Hearing:
    """What a method hears beside each clip.

    Attributes:
        seconds: of a window.
        rate: samples per second.
    """

    seconds: float
    rate: int = RATE

    @property
    def samples(self) -> int:
        """Samples of a window."""
        return round(self.seconds * self.rate)


class Sounds:
    """The sound of a manifest's videos, kept in memory while there is room.

    Args:
        manifest: usable videos.
        hearing: windows and rate.
        cache_mib: MiB of sound that each worker process keeps; it affects speed only.
    """

    def __init__(self, manifest: Manifest, hearing: Hearing, cache_mib: int) -> None:
        table = manifest.table
        self._files = [manifest.root / path for path in table["path"]]
        self._starts, self._lengths = table["start"].to_numpy(), table["frames"].to_numpy()
        self._hearing = hearing
        self._room = cache_mib * 2**20
        self._kept: dict[int, tuple[Track | None, int]] = {}

    def read(self, index: int, onsets: npt.NDArray[np.int64]) -> tuple[torch.Tensor, int]:
        """Windows of row `index` that begin at the given frames.

        Args:
            index: row of the manifest.
            onsets: (clips,) frame numbers in the video.

        Returns:
            (clips, samples) int16, and one of `OUTCOMES` by its number; all zeros unless `HEARD`.
        """
        track, outcome = self._track(index)
        silence = torch.zeros(len(onsets), self._hearing.samples, dtype=torch.int16)
        if track is None:
            return silence, outcome
        begins = np.rint(track.times[onsets] * track.rate).astype(np.int64)
        windows = [window(track.samples, int(begin), self._hearing.samples) for begin in begins]
        if not all(one.any() for one in windows):
            return silence, SILENT
        return torch.from_numpy(np.stack(windows)), HEARD

    def any(self) -> bool:
        """Whether at least one video has sound; reads no further than the first that has."""
        tracks = (self._decode(index)[0] for index in range(len(self._files)))
        return any(track is not None and track.samples.any() for track in tracks)

    def _track(self, index: int) -> tuple[Track | None, int]:
        if index in self._kept:
            return self._kept[index]
        found = self._decode(index)
        size = found[0].samples.nbytes if found[0] else 0
        if size <= self._room:
            self._room -= size
            self._kept[index] = found
        return found

    def _decode(self, index: int) -> tuple[Track | None, int]:
        try:
            track = read_sound(self._files[index], self._hearing.rate)
        except DecodeError:
            return None, UNDECODABLE
        if track is None:
            return None, NO_TRACK
        return part(track, int(self._starts[index]), int(self._lengths[index])), HEARD


def part(track: Track, start: int, frames: int) -> Track:
    """The part of a track beside `frames` frames from frame `start` on.

    A decoder may count frames that the file's times do not show, so the last time stands for any
    that lack.
    """
    known = np.append(track.times, track.seconds)
    numbers = np.minimum(np.arange(start, start + frames + 1), len(known) - 1)
    times = known[numbers]
    low, high = (round(time * track.rate) for time in (times[0], times[-1]))
    samples = track.samples[low : max(high, low + 1)]
    return Track(samples, times[:-1] - times[0], float(times[-1] - times[0]), track.rate)


def window(samples: Samples, begin: int, count: int) -> Samples:
    """`count` samples from `begin` on; the last ones if it overruns, looped if too few."""
    if len(samples) >= count:
        begin = min(begin, len(samples) - count)
        return samples[begin : begin + count]
    return samples.take(np.arange(begin, begin + count), mode="wrap")


def refuse_silent(manifest: Manifest, hearing: Hearing, method: str) -> None:
    """Refuse videos none of which has sound, for a method that learns from it.

    Raises:
        FameError: none has.
    """
    if not Sounds(manifest, hearing, 0).any():
        raise FameError(
            f"the method {method!r} learns from sound and none of the {len(manifest)} training "
            f"videos of {manifest.dataset} has any; give videos with sound, or set world.sound of "
            "a generated dataset to true"
        )
