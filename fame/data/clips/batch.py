"""Raw clips of one video (`Sample`) or of several (`Batch`), with their frame numbers and sound."""

from dataclasses import dataclass, field, replace

import torch

from fame.data.clips.sounds import NO_TRACK


def _unheard() -> torch.Tensor:
    return torch.empty(0, dtype=torch.int16)


def _no_outcomes() -> torch.Tensor:
    return torch.empty(0, dtype=torch.int64)


@dataclass(frozen=True)
class Sample:
    """The clips of one video.

    Attributes:
        clips: `(n_clips, 3, T, H, W)` uint8 RGB.
        frames: `(n_clips, T)` int64 frame numbers in the video, from 0.
        drawn: `(n_labels,)` int64 labels from the draw, then those from pixels; empty without.
        label: class number, -1 if unlabelled.
        index: row of the manifest.
        epoch: epoch of the draw; 0 for clips that are not random.
        sound: `(n_clips, samples)` int16 beside each clip; samples is 0 if the method hears none.
        outcome: what became of the sound, a number of `fame.data.clips.sounds.OUTCOMES`.
    """

    clips: torch.Tensor
    frames: torch.Tensor
    drawn: torch.Tensor
    label: int
    index: int
    epoch: int
    sound: torch.Tensor = field(default_factory=_unheard)
    outcome: int = NO_TRACK


@dataclass(frozen=True)
class Batch:
    """Stacked samples.

    Attributes:
        clips: `(B, n_clips, 3, T, H, W)` uint8; smaller videos are zero-padded right and below.
        sizes: `(B, 2)` int64, each video's (H, W) without padding.
        labels: `(B,)` int64, -1 if unlabelled.
        indices: `(B,)` int64 rows of the manifest.
        epochs: `(B,)` int64.
        frames: `(B, n_clips, T)` int64 frame numbers in each video, from 0. Methods compute labels
            about time (pace, order, direction) from them.
        drawn: `(B, n_labels)` int64 labels from the draw, then those made from pixels; often 0.
        sound: `(B, n_clips, samples)` int16 beside each clip, one channel; `(B, 0)` if the method
            does not declare that it hears.
        outcomes: `(B,)` int64, what became of each video's sound, numbers of
            `fame.data.clips.sounds.OUTCOMES`.
    """

    clips: torch.Tensor
    sizes: torch.Tensor
    labels: torch.Tensor
    indices: torch.Tensor
    epochs: torch.Tensor
    frames: torch.Tensor
    drawn: torch.Tensor
    sound: torch.Tensor = field(default_factory=_unheard)
    outcomes: torch.Tensor = field(default_factory=_no_outcomes)

    def to(self, device: torch.device | str) -> "Batch":
        """Clips and labels moved to a device, asynchronously if pinned; keys of draws stay here."""
        moved = {
            name: getattr(self, name).to(device, non_blocking=True)
            for name in ("clips", "labels", "frames", "drawn", "sound", "outcomes")
        }
        return replace(self, **moved)

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
    frames = torch.stack([sample.frames for sample in samples])
    drawn, sound = (
        torch.stack([getattr(sample, name) for sample in samples]) for name in ("drawn", "sound")
    )
    outcomes = torch.tensor([sample.outcome for sample in samples])
    return Batch(clips, sizes, labels, indices, epochs, frames, drawn, sound, outcomes)
