"""Clips of a manifest's videos: random for training, evenly spread for evaluation.

Every random draw is keyed by (seed, purpose, epoch, video), so clips do not depend on workers,
processes or interruptions.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch.utils.data import Dataset

from fame.core import randomness as draws
from fame.core.errors import FameError
from fame.data.clips.batch import Sample
from fame.data.clips.sampling import Draw, Labelled, checked, clip_indices, uniform_starts
from fame.data.clips.sounds import Hearing, Sounds
from fame.data.manifest import OK, Manifest
from fame.data.video.kept_frames import frames_of
from fame.data.video.resize import fitted, scaled_down

Key = tuple[int, int]
"""(epoch, row of the manifest)."""

Labeller = Callable[[Sample], torch.Tensor]
"""Labels `(labels,)` int64 made from a sample's pixels; the same number for every video."""


class _Frames:
    """Frames of a manifest's videos, scaled down, and cached while there is room."""

    def __init__(self, manifest: Manifest, max_short_side: int | None, cache_mib: int) -> None:
        if (manifest.table["status"] != OK).any():
            raise FameError(f"{manifest.dataset}: take clips from manifest.select(split) only.")
        table = manifest.table
        self._root, self._paths = manifest.root, table["path"].tolist()
        self._starts = table["start"].to_numpy()
        self.lengths = table["frames"].to_numpy()
        self._sizes = [
            fitted(h, w, max_short_side)
            for h, w in zip(table["height"], table["width"], strict=True)
        ]
        self._max_short_side = max_short_side
        self._room = cache_mib * 2**20
        self._kept: dict[int, torch.Tensor] = {}

    def read(self, index: int, numbers: np.ndarray) -> torch.Tensor:
        """Frames `numbers` of row `index`, `(len(numbers), 3, H, W)` uint8; opens the file once."""
        if index not in self._kept and self._reserve(index):
            self._kept[index] = self._decode(index, np.arange(self.lengths[index]))
        if index in self._kept:
            # Copies whole frames; indexing would copy pixel by pixel.
            return self._kept[index].index_select(0, torch.from_numpy(numbers))
        return self._decode(index, numbers)

    def _reserve(self, index: int) -> bool:
        """Whether the whole video still fits in the cache; if so, reserve its space."""
        height, width = self._sizes[index]
        need = int(self.lengths[index]) * 3 * height * width
        if need > self._room:
            return False
        self._room -= need
        return True

    def _decode(self, index: int, numbers: np.ndarray) -> torch.Tensor:
        wanted, places = np.unique(numbers, return_inverse=True)
        pixels = frames_of(self._root, self._paths[index], wanted + self._starts[index])
        frames = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous()
        return scaled_down(frames, self._max_short_side)[torch.from_numpy(places)]


class _Clips(Dataset[Sample]):
    """Base of both datasets: clips of one video at given frame numbers."""

    def __init__(self, manifest: Manifest, max_short_side: int | None, cache_mib: int) -> None:
        self._labels = manifest.labels()
        self._video = _Frames(manifest, max_short_side, cache_mib)

    def __len__(self) -> int:
        """Number of videos."""
        return len(self._labels)

    def _cut(self, index: int, drawn: np.ndarray | Labelled, epoch: int) -> Sample:
        numbers, labels = checked(drawn, int(self._video.lengths[index]))
        pixels = self._video.read(index, numbers.reshape(-1))
        clips = pixels.unflatten(0, numbers.shape).transpose(1, 2).contiguous()
        drawn_labels, label = torch.from_numpy(labels), int(self._labels[index])
        return Sample(clips, torch.from_numpy(numbers), drawn_labels, label, index, epoch)


class TrainClips(_Clips):
    """Random clips of each video, drawn anew each epoch.

    Args:
        manifest: usable videos (`Manifest.select`).
        draw: called with a video's number of frames and a generator keyed by (seed, epoch, video);
            returns frame numbers `(clips, frames)` or `Labelled`. For example `RandomClips`.
        seed: the run's seed.
        max_short_side: pixels; larger frames are scaled down to it; None keeps them.
        cache_mib: MiB of decoded videos that each worker process caches; 0 caches none. It
            affects speed only.
        label: makes labels from pixels, in the process that reads the clips; they follow the
            draw's in `Sample.drawn`.
        hearing: the sound that comes with each clip; None reads none. A clip's begins with its
            first frame, or where the draw says (`Labelled.onsets`).
    """

    def __init__(
        self,
        manifest: Manifest,
        draw: Draw,
        *,
        seed: int,
        max_short_side: int | None = None,
        cache_mib: int = 0,
        label: Labeller | None = None,
        hearing: Hearing | None = None,
    ) -> None:
        super().__init__(manifest, max_short_side, cache_mib)
        self._draw, self._label = draw, label
        self._seed = seed
        self._sounds = None if hearing is None else Sounds(manifest, hearing, cache_mib)

    def __getitem__(self, key: Key) -> Sample:
        """The clips of a video for a key (epoch, index): a function of (seed, epoch, index)."""
        epoch, index = key
        generator = draws.generator(self._seed, "clip-starts", epoch, index)
        drawn = self._draw(int(self._video.lengths[index]), generator)
        sample = self._cut(index, drawn, epoch)
        if self._label is not None:
            sample = replace(sample, drawn=torch.cat([sample.drawn, self._label(sample)]))
        if self._sounds is None:
            return sample
        onsets = drawn.onsets if isinstance(drawn, Labelled) else None
        begins = sample.frames[:, 0].numpy() if onsets is None else onsets
        sound, outcome = self._sounds.read(index, begins)
        return replace(sample, sound=sound, outcome=outcome)


class UniformClips(_Clips):
    """Evenly spread clips of each video, for evaluation.

    Args:
        manifest: usable videos (`Manifest.select`).
        frames: frames of a clip, T.
        stride: native frames from one frame of a clip to the next.
        clips: clips per video; the paper's tests use 10.
        max_short_side: as in `TrainClips`.
        cache_mib: as in `TrainClips`.
    """

    def __init__(
        self,
        manifest: Manifest,
        frames: int,
        stride: int,
        clips: int,
        *,
        max_short_side: int | None = None,
        cache_mib: int = 0,
    ) -> None:
        super().__init__(manifest, max_short_side, cache_mib)
        self._frames, self._stride, self._clips = frames, stride, clips

    def __getitem__(self, index: int) -> Sample:
        """The clips of one video."""
        n = int(self._video.lengths[index])
        starts = uniform_starts(n, self._frames, self._stride, self._clips)
        numbers = [clip_indices(start, n, self._frames, self._stride) for start in starts]
        return self._cut(index, np.stack(numbers), 0)
