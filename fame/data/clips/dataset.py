"""From a Manifest to batches of clips: where clips start, two datasets, one keyed order.

A clip is `frames` frames, every `stride`-th of a window of `frames * stride` native frames
(facts A5: 16 frames at stride 2). A video shorter than the window loops; it is never dropped.
Every random draw is keyed by (seed, purpose, epoch, video), so that batches do not depend on
workers, processes or interruptions.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from fame.core import randomness as draws
from fame.core.errors import FameError
from fame.data.clips import workers as processes
from fame.data.manifest import OK, Manifest
from fame.data.video.decode import read_frames
from fame.data.video.resize import fitted, scaled_down

Draw = Callable[[int, np.random.Generator], np.ndarray]
"""A video's number of frames, and a generator, to frame numbers `(clips, frames)`."""

Key = tuple[int, int]
"""(epoch, row of the manifest)."""


def window(frames: int, stride: int) -> int:
    """Native frames that a clip spans."""
    return frames * stride


def number_of_starts(n: int, frames: int, stride: int) -> int:
    """How many starts a video of `n` frames offers; a short one loops from any frame."""
    span = window(frames, stride)
    return n - span + 1 if n >= span else n


def random_starts(
    n: int, frames: int, stride: int, clips: int, generator: np.random.Generator
) -> list[int]:
    """`clips` random starts, distinct where the video offers that many."""
    count = number_of_starts(n, frames, stride)
    if count < clips:
        return [int(start) for start in generator.integers(count, size=clips)]
    return [int(start) for start in generator.choice(count, size=clips, replace=False)]


def uniform_starts(n: int, frames: int, stride: int, clips: int) -> list[int]:
    """`clips` starts evenly spread from the first to the last whole window (facts A6)."""
    last = max(n - window(frames, stride), 0)
    return [int(start) for start in np.rint(np.linspace(0, last, clips))]


def clip_indices(start: int, n: int, frames: int, stride: int) -> np.ndarray:
    """Frame numbers of a clip, `(frames,)` int64 in [0, n); past the end they loop."""
    return (start + stride * np.arange(frames)) % n


@dataclass(frozen=True)
class Sample:
    """The clips of one video.

    Attributes:
        clips: `(n_clips, 3, T, H, W)` uint8 RGB.
        label: class number, -1 if unlabelled.
        index: row of the manifest.
        epoch: epoch of the draw; 0 where nothing is drawn.
    """

    clips: torch.Tensor
    label: int
    index: int
    epoch: int


class _Frames:
    """Frames of a manifest's videos, fitted, and cached while there is room."""

    def __init__(self, manifest: Manifest, max_short_side: int | None, cache_mib: int) -> None:
        if (manifest.table["status"] != OK).any():
            raise FameError(f"{manifest.dataset}: take clips from manifest.select(split) only.")
        table = manifest.table
        self._paths = [manifest.root / path for path in table["path"]]
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
        """Frames `numbers` of row `index`, `(len(numbers), 3, H, W)` uint8, in one open."""
        if index not in self._kept and self._reserve(index):
            self._kept[index] = self._decode(index, np.arange(self.lengths[index]))
        if index in self._kept:
            return self._kept[index][torch.from_numpy(numbers)]
        return self._decode(index, numbers)

    def _reserve(self, index: int) -> bool:
        """Whether the whole video still fits in the cache; if so its room is taken."""
        height, width = self._sizes[index]
        need = int(self.lengths[index]) * 3 * height * width
        if need > self._room:
            return False
        self._room -= need
        return True

    def _decode(self, index: int, numbers: np.ndarray) -> torch.Tensor:
        wanted, places = np.unique(numbers, return_inverse=True)
        pixels = read_frames(self._paths[index], (wanted + self._starts[index]).tolist())
        frames = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous()
        return scaled_down(frames, self._max_short_side)[torch.from_numpy(places)]


@dataclass(frozen=True)
class RandomClips:
    """Draws `clips` clips of `frames` frames at a `stride`, from distinct random starts.

    The two of a positive pair come from different times of one video (facts A5).
    """

    frames: int
    stride: int
    clips: int

    def __call__(self, n: int, generator: np.random.Generator) -> np.ndarray:
        """Frame numbers `(clips, frames)` int64 in a video of `n` frames."""
        starts = random_starts(n, self.frames, self.stride, self.clips, generator)
        return np.stack([clip_indices(start, n, self.frames, self.stride) for start in starts])


class _Clips(Dataset[Sample]):
    """What both datasets share: clips of one video, cut at given frame numbers."""

    def __init__(self, manifest: Manifest, max_short_side: int | None, cache_mib: int) -> None:
        self._labels = manifest.labels()
        self._video = _Frames(manifest, max_short_side, cache_mib)

    def __len__(self) -> int:
        """Number of videos."""
        return len(self._labels)

    def _cut(self, index: int, numbers: np.ndarray, epoch: int) -> Sample:
        pixels = self._video.read(index, numbers.reshape(-1))
        clips = pixels.unflatten(0, numbers.shape).transpose(1, 2).contiguous()
        return Sample(clips, int(self._labels[index]), index, epoch)


class TrainClips(_Clips):
    """Random clips of each video, drawn anew each epoch.

    Args:
        manifest: usable videos (`Manifest.select`).
        draw: frame numbers `(clips, frames)` of a video of n frames, for example `RandomClips`;
            it gets a generator keyed by (seed, epoch, video).
        seed: the run's seed.
        max_short_side: in pixels; larger frames are shrunk to it; None leaves them as they are.
        cache_mib: memory in MiB, in each worker process, for decoded videos; 0 caches none.
            It changes speed only.
    """

    def __init__(
        self,
        manifest: Manifest,
        draw: Draw,
        *,
        seed: int,
        max_short_side: int | None = None,
        cache_mib: int = 0,
    ) -> None:
        super().__init__(manifest, max_short_side, cache_mib)
        self._draw = draw
        self._seed = seed

    def __getitem__(self, key: Key) -> Sample:
        """The clips of video `index` in `epoch`, a function of (seed, epoch, index)."""
        epoch, index = key
        generator = draws.generator(self._seed, "clip-starts", epoch, index)
        return self._cut(index, self._draw(int(self._video.lengths[index]), generator), epoch)


class UniformClips(_Clips):
    """Evenly spread clips of each video, for evaluation.

    Args:
        manifest: usable videos (`Manifest.select`).
        frames: frames of a clip, T.
        stride: native frames from one to the next.
        clips: clips of each video; the paper's tests use 10.
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


@dataclass(frozen=True)
class Batch:
    """Samples side by side.

    Attributes:
        clips: `(B, n_clips, 3, T, H, W)` uint8; smaller videos are zero to the right and below.
        sizes: `(B, 2)` int64, each video's true (H, W).
        labels: `(B,)` int64, -1 if unlabelled.
        indices: `(B,)` int64 rows of the manifest.
        epochs: `(B,)` int64.
    """

    clips: torch.Tensor
    sizes: torch.Tensor
    labels: torch.Tensor
    indices: torch.Tensor
    epochs: torch.Tensor

    def to(self, device: torch.device | str) -> "Batch":
        """Clips and labels on a device, without waiting if pinned; what keys draws stays here."""
        return replace(
            self,
            clips=self.clips.to(device, non_blocking=True),
            labels=self.labels.to(device, non_blocking=True),
        )

    def pin_memory(self) -> "Batch":
        """The batch in page-locked memory; the DataLoader calls this."""
        return Batch(*(value.pin_memory() for value in vars(self).values()))


def collate(samples: list[Sample]) -> Batch:
    """Stack samples, zero-padded at the right and the bottom to the largest height and width."""
    sizes = torch.tensor([sample.clips.shape[-2:] for sample in samples])
    height, width = sizes.amax(0).tolist()
    clips = torch.zeros(len(samples), *samples[0].clips.shape[:3], height, width, dtype=torch.uint8)
    for place, sample in zip(clips, samples, strict=True):
        place[..., : sample.clips.shape[-2], : sample.clips.shape[-1]] = sample.clips
    columns = zip(*((s.label, s.index, s.epoch) for s in samples), strict=True)
    labels, indices, epochs = (torch.tensor(column) for column in columns)
    return Batch(clips, sizes, labels, indices, epochs)


class KeyedBatches(Sampler[list[Key]]):
    """Batches of (epoch, index) for a whole training, in an order keyed by (seed, epoch).

    Every process sees its contiguous slice of the same global batches, and a resumed run
    continues with the batch it would have had.

    Args:
        videos: number of videos.
        batch: global batch size; must be a multiple of `world`.
        epochs: number of epochs.
        seed: the run's seed.
        first_step: global steps already done.
        rank: this process.
        world: number of processes.
        drop_last: leave out an epoch's last partial batch; needed with several processes.

    Raises:
        FameError: fewer videos than a batch, or a batch that the processes cannot share.
    """

    def __init__(
        self,
        videos: int,
        batch: int,
        epochs: int,
        seed: int,
        *,
        first_step: int = 0,
        rank: int = 0,
        world: int = 1,
        drop_last: bool = True,
    ) -> None:
        if drop_last and videos < batch:
            raise FameError(f"{videos} videos cannot fill a batch of {batch}; lower the batch.")
        if batch % world or (world > 1 and not drop_last):
            raise FameError(
                f"{world} processes cannot share each batch of {batch} equally; use a multiple "
                "of their number and drop the last partial batch."
            )
        self.videos, self.batch, self.epochs, self.seed = videos, batch, epochs, seed
        self.first_step, self.rank, self.world = first_step, rank, world
        self.steps_per_epoch = videos // batch if drop_last else -(-videos // batch)

    def __len__(self) -> int:
        """Steps that remain."""
        return max(self.epochs * self.steps_per_epoch - self.first_step, 0)

    def __iter__(self) -> Iterator[list[Key]]:
        """This process's part of each remaining global batch."""
        share = self.batch // self.world
        order: np.ndarray | None = None
        for step in range(self.first_step, self.epochs * self.steps_per_epoch):
            epoch, position = divmod(step, self.steps_per_epoch)
            if order is None or position == 0:
                order = self._order(epoch)
            start = position * self.batch + self.rank * share
            yield [(epoch, int(index)) for index in order[start : start + share]]

    def _order(self, epoch: int) -> np.ndarray:
        return draws.generator(self.seed, "order", epoch).permutation(self.videos)


def loader(
    dataset: TrainClips | UniformClips, batches: Iterable[list[Any]], workers: int = 0
) -> DataLoader[Any]:
    """A DataLoader that yields `Batch`es, pinned where there is a GPU.

    Args:
        dataset: the clips.
        batches: `KeyedBatches` for `TrainClips`, lists of rows for `UniformClips`.
        workers: worker processes, each on one thread; the batches do not depend on it.
    """
    return DataLoader(
        dataset,
        batch_sampler=batches,
        num_workers=workers,
        collate_fn=collate,
        pin_memory=torch.cuda.is_available(),
        worker_init_fn=processes.start,
    )
