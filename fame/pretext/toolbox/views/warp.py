"""DSM's spatial disturbance (Wang et al., AAAI 2021): a local warp, the same in all frames.

Around a centre p, output pixel x shows the input at x - h d, where d is a shift,
h = 0.5 / (3 r^4 + 1) and r = |x - (p + d)| / |d|: half the shift at p + d, little farther away.
Nothing changes outside p +- 3 d.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from fame.core.randomness import generator
from fame.data.clips.batch import Batch

CENTRE = (60 / 224, 140 / 224)
SHIFT = (10 / 224, 20 / 224)
"""Ranges of both coordinates of p and d, as shares of the view's side. The release gives them in
pixels of a view of 224."""


def displacement(points: Tensor, centre: Tensor, shift: Tensor) -> Tensor:
    """The displacement h d of each point.

    Args:
        points: (B, H, W, 2), x and y in pixels.
        centre: (B, 2), p in pixels.
        shift: (B, 2), d in pixels, positive.

    Returns:
        (B, H, W, 2) pixels; 0 outside p +- 3 d.
    """
    centre, shift = centre[:, None, None], shift[:, None, None]
    squared = (points - centre - shift).square().sum(-1, keepdim=True)
    distance = squared / shift.square().sum(-1, keepdim=True)
    inside = ((points - centre).abs() <= 3 * shift).all(-1, keepdim=True)
    return torch.where(inside, 0.5 / (3 * distance.square() + 1), 0) * shift


def read_at(clips: Tensor, points: Tensor) -> Tensor:
    """Clips that show at each pixel what the input has at a point, interpolated bilinearly.

    Args:
        clips: (B, C, T, S, S), in any range.
        points: (B, S, S, 2), x and y in pixels of the input; beyond it, its border is repeated.

    Returns:
        (B, C, T, S, S); the same points for all frames.
    """
    grid = (2 * points / (clips.shape[-1] - 1) - 1).to(clips)
    pictures = clips.flatten(1, 2)
    read = grid_sample(pictures, grid, padding_mode="border", align_corners=True)
    return read.unflatten(1, clips.shape[1:3])


@dataclass(frozen=True)
class Warp:
    """Warps each clip at one to `most` places, keyed by its video and epoch.

    Attributes:
        seed: the run's.
        most: largest number of warps of a clip; smaller numbers from 1 are as likely.
        whole: displacements are cut to whole pixels, as released; smaller ones are then none.
    """

    seed: int
    most: int
    whole: bool

    def __call__(self, clips: Tensor, batch: Batch) -> Tensor:
        """The clips (B, C, T, S, S) of a batch, warped."""
        return read_at(clips, self.points(clips, batch))

    def points(self, clips: Tensor, batch: Batch) -> Tensor:
        """Where each pixel reads: (B, S, S, 2), x and y."""
        size = clips.shape[-1]
        line = torch.arange(size, device=clips.device, dtype=clips.dtype)
        y, x = torch.meshgrid(line, line, indexing="ij")
        points = torch.stack([x, y], dim=-1).expand(len(clips), -1, -1, -1)
        counts, places = self.draws(batch)
        counts = counts.to(clips.device)
        places = (places * size).to(clips)
        for number in range(self.most):
            moved = displacement(points, places[:, number, 0], places[:, number, 1])
            used = (number < counts)[:, None, None, None]
            points = points - torch.where(used, moved.trunc() if self.whole else moved, 0)
        return points

    def draws(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Numbers of warps (B,) int64, and centres and shifts (B, most, 2, 2) in shares."""
        counts, places = [], []
        for key in zip(batch.epochs.tolist(), batch.indices.tolist(), strict=True):
            draw = generator(self.seed, "warp", *key)
            counts.append(int(draw.integers(1, self.most + 1)))
            ranges = [draw.uniform(*limits, size=(self.most, 2)) for limits in (CENTRE, SHIFT)]
            places.append(np.stack(ranges, axis=1))
        return torch.tensor(counts), torch.from_numpy(np.stack(places))
