"""Raw clips of one video (`Sample`) or of several (`Batch`), with their frame numbers."""

from dataclasses import dataclass, replace

import torch


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
    """

    clips: torch.Tensor
    frames: torch.Tensor
    drawn: torch.Tensor
    label: int
    index: int
    epoch: int


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
        drawn: `(B, n_labels)` int64 labels from the method's draw, then those that it makes from
            pixels; n_labels is 0 without.
    """

    clips: torch.Tensor
    sizes: torch.Tensor
    labels: torch.Tensor
    indices: torch.Tensor
    epochs: torch.Tensor
    frames: torch.Tensor
    drawn: torch.Tensor

    def to(self, device: torch.device | str) -> "Batch":
        """Clips and labels moved to a device, asynchronously if pinned; keys of draws stay here."""
        moved = {
            name: getattr(self, name).to(device, non_blocking=True)
            for name in ("clips", "labels", "frames", "drawn")
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
    drawn = torch.stack([sample.drawn for sample in samples])
    return Batch(clips, sizes, labels, indices, epochs, frames, drawn)
