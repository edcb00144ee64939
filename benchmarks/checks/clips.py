"""Clips in memory, sampled and ordered as in training."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor

from fame.core.randomness import generator
from fame.data.clips.batch import Batch, Sample, collate
from fame.data.clips.dataset import Key, TrainClips
from fame.data.clips.loader import KeyedBatches, loader
from fame.data.clips.sampling import clip_indices, random_starts, uniform_starts
from fame.train.batches import Batches


@dataclass(frozen=True)
class Span:
    """How clips are sampled: `frames` at a `stride`, `count` per video."""

    frames: int
    stride: int
    count: int


@dataclass(frozen=True)
class Clips:
    """Decoded videos.

    Attributes:
        videos: (T, 3, H, W) uint8 RGB each; sizes and lengths may differ.
        labels: (N,) int64 class numbers.
        groups: (N,) int64; videos of one group may show the same scene.
    """

    videos: list[Tensor]
    labels: np.ndarray
    groups: np.ndarray

    def __len__(self) -> int:
        """Number of videos."""
        return len(self.videos)

    def drawn(self, keys: Sequence[Key], span: Span, seed: int) -> Batch:
        """Random clips, each a function of (seed, epoch, video)."""
        return collate([self.sample(key, span, seed) for key in keys])

    def sample(self, key: Key, span: Span, seed: int) -> Sample:
        """The random clips of one video."""
        epoch, index = key
        rng = generator(seed, "clip-starts", epoch, index)
        length = len(self.videos[index])
        starts = random_starts(length, span.frames, span.stride, span.count, rng)
        return self._cut(index, starts, span, epoch)

    def at_least(self, count: int) -> "Clips":
        """The same videos, over and over, until there are `count` of them."""
        times = -(-count // len(self))
        labels, groups = np.tile(self.labels, times), np.tile(self.groups, times)
        return Clips(self.videos * times, labels, groups)

    def some(self, count: int, span: Span, seed: int) -> Batch:
        """Random clips of the first `count` videos; with too few videos, of several epochs."""
        keys = [divmod(number, len(self)) for number in range(count)]
        return self.drawn(keys, span, seed)

    def uniform(self, span: Span) -> Batch:
        """Evenly spread clips of every video."""
        return collate(
            [
                self._cut(
                    index, uniform_starts(len(video), span.frames, span.stride, span.count), span, 0
                )
                for index, video in enumerate(self.videos)
            ]
        )

    def _cut(self, index: int, starts: list[int], span: Span, epoch: int) -> Sample:
        video = self.videos[index]
        cuts = [clip_indices(start, len(video), span.frames, span.stride) for start in starts]
        frames = torch.from_numpy(np.stack(cuts))
        stacked = video[frames].transpose(1, 2)
        drawn = torch.empty(0, dtype=torch.int64)
        return Sample(stacked, frames, drawn, int(self.labels[index]), index, epoch)

    def batches(
        self,
        span: Span,
        batch: int,
        epochs: int,
        seed: int,
        go_on: Callable[[int], bool],
        workers: int = 0,
    ) -> Batches:
        """Training batches from the project's loader, until `go_on(step)` is false."""

        def schedule(first: int) -> KeyedBatches:
            return KeyedBatches(len(self), batch=batch, epochs=epochs, seed=seed, first_step=first)

        def batches(first: int) -> Iterator[Batch]:
            drawn = cast(TrainClips, Drawn(self, span, seed))  # it is read in the same way
            loaded = iter(loader(drawn, schedule(first), workers))
            for step in range(first, first + len(schedule(first))):
                if not go_on(step):
                    return
                yield next(loaded)

        return Batches(schedule(0).steps_per_epoch, batches)


@dataclass(frozen=True)
class Drawn:
    """Videos in memory as the loader reads a dataset: by (epoch, index)."""

    clips: Clips
    span: Span
    seed: int

    def __getitem__(self, key: Key) -> Sample:
        """The random clips of one video in one epoch."""
        return self.clips.sample(key, self.span, self.seed)


def generated(count: int, frames: int, height: int, width: int, seed: int) -> Clips:
    """Generated videos: a square crosses a static, blotchy background to the left or right.

    The class is the direction; every video is a group of its own.
    """
    labels = np.arange(count) % 2
    videos = [
        _crossing(generator(seed, "generated", index), frames, height, width, bool(labels[index]))
        for index in range(count)
    ]
    return Clips(videos, labels, np.arange(count))


def _crossing(
    rng: np.random.Generator, frames: int, height: int, width: int, backwards: bool
) -> Tensor:
    coarse = torch.from_numpy(rng.random((1, 3, 6, 8))).float()
    ground = torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear")[0]
    video = ground.expand(frames, -1, -1, -1).clone()
    side, top = height // 4, int(rng.integers(height - height // 4))
    colour = torch.from_numpy(rng.random(3)).float().view(3, 1, 1)
    for frame in range(frames):
        left = round((width - side) * frame / max(frames - 1, 1))
        video[frame, :, top : top + side, left : left + side] = colour
    return (video.flip(3) if backwards else video).mul(255).byte()
