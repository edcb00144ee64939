"""Background Erasing's distraction (Wang et al., CVPR 2021): one still frame shines through a clip.

x'_t = (1 - l) x_t + l x_r, where l ~ U(0, strength) is drawn once per batch and r is a random frame
of each clip (facts C9). Motion is kept; the static background becomes unreliable.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from fame.core.randomness import generator
from fame.core.transfer import sent
from fame.data.clips.batch import Batch


def distract(clips: Tensor, weight: float, frames: Tensor) -> Tensor:
    """Blend one frame of each clip into all of its frames.

    Args:
        clips: (B, C, T, H, W), in any range.
        weight: l in [0, 1], the share of the still frame.
        frames: (B,) int64, the numbers r in [0, T).

    Returns:
        (B, C, T, H, W).
    """
    rows = torch.arange(len(clips), device=clips.device)
    still = clips[rows, :, sent(frames, clips.device)]
    return (1 - weight) * clips + weight * still.unsqueeze(2)


def weight_of(seed: int, step: int, strength: float) -> float:
    """The weight l of a training step: uniform in [0, strength), the same in every process."""
    return float(generator(seed, "distraction-weight", step).uniform(0, strength))


def frames_of(seed: int, batch: Batch, count: int) -> Tensor:
    """The frame r of each video in its epoch: (B,) int64 in [0, count)."""
    keys = zip(batch.epochs.tolist(), batch.indices.tolist(), strict=True)
    drawn = [generator(seed, "distraction-frame", *key).integers(count) for key in keys]
    return torch.tensor(drawn, dtype=torch.int64)


@dataclass(frozen=True)
class Distraction:
    """A `fame.augment.views.Change` that distracts the first clip of a pair.

    Attributes:
        seed: the run's.
        strength: the largest share of the still frame; 0.3 in the paper.
    """

    seed: int
    strength: float

    def __call__(self, clips: Tensor, batch: Batch, slot: int, step: int) -> Tensor:
        """Clips (B, C, T, H, W) of a slot, distracted if the slot is the first."""
        if slot > 0:
            return clips
        frames = frames_of(self.seed, batch, clips.shape[2])
        return distract(clips, weight_of(self.seed, step, self.strength), frames)
