"""Foreground masks of test clips: the truth of a mini world, or FAME's own mask."""

from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from fame.augment import masks
from fame.data.clips.batch import Batch
from fame.data.clips.sampling import clip_indices, uniform_starts
from fame.data.manifest import Manifest
from fame.data.synthetic import true_masks
from fame.data.video.resize import scaled_down
from fame.evaluate.features.clipspec import ClipSpec


class Foreground(Protocol):
    """A source of foreground masks for a batch's cropped clips."""

    name: str

    def __call__(self, batch: Batch, views: Tensor) -> Tensor:
        """(B, n, T, S, S) bool for a batch and its cropped clips (B, n, 3, T, S, S)."""


class TrueForeground:
    """The sprite's silhouette in every frame, cropped like the clips.

    Args:
        manifest: the world's videos, in the order that batches index.
        world: the world's folder (see `fame.data.synthetic.write_world`).
        spec: which clips and crops.
    """

    name = "true"

    def __init__(self, manifest: Manifest, world: Path, spec: ClipSpec) -> None:
        table = manifest.table
        self._files = [manifest.root / path for path in table["path"]]
        self._starts, self._lengths = table["start"].to_numpy(), table["frames"].to_numpy()
        self._world, self._spec = world, spec

    def __call__(self, batch: Batch, views: Tensor) -> Tensor:
        """As `Foreground` says; a pixel that is half covered counts as foreground."""
        shape = batch.clips.shape[-2:]
        native = torch.stack([self._clips(int(index), shape) for index in batch.indices])
        return self._spec.cropped(native, batch.sizes)[:, :, 0].to(views.device) >= 0.5

    def _clips(self, index: int, shape: torch.Size) -> Tensor:
        """One video's masks (n, 1, T, H, W) uint8, 255 on the foreground, padded to `shape`."""
        spec, length = self._spec, int(self._lengths[index])
        starts = uniform_starts(length, spec.frames, spec.stride, spec.clips)
        numbers = np.stack([clip_indices(s, length, spec.frames, spec.stride) for s in starts])
        whole = true_masks(self._files[index], self._world)[self._starts[index] :]
        frames = torch.from_numpy(whole[numbers].astype(np.uint8) * 255)
        frames = scaled_down(frames, spec.max_short_side)
        padded = torch.zeros(*frames.shape[:2], *shape, dtype=torch.uint8)
        padded[..., : frames.shape[-2], : frames.shape[-1]] = frames
        return padded[:, None]


class MotionForeground:
    """FAME's mask of each clip, for videos whose true foreground is unknown.

    Args:
        beta: share of the pixels that count as foreground.
    """

    name = "fame"

    def __init__(self, beta: float) -> None:
        self._beta = beta

    def __call__(self, batch: Batch, views: Tensor) -> Tensor:
        """As `Foreground` says; a clip has one mask for all its frames."""
        videos, clips, _, frames = views.shape[:4]
        binary = masks.get("fame")(views.flatten(0, 1), self._beta) > 0.5
        still = binary.unflatten(0, (videos, clips))[:, :, None]
        return still.expand(-1, -1, frames, -1, -1)
