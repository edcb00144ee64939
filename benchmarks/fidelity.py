"""Effects of some of the release's deviations that can be measured without training.

    python benchmarks/fidelity.py VIDEOS        # a folder of videos, searched for .avi and .mp4

Prints the numbers in docs/fidelity.md: how far the masks of the two hues overlap, how often a clip
is its own donor, and how much of a frame each test crop shows.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer

from fame.augment.crop import centre_boxes, crop_resize_flip, frame_boxes
from fame.augment.masks import fame as mask
from fame.augment.merge import donors
from fame.data.clips.sampling import clip_indices, uniform_starts
from fame.data.video.decode import probe, read_frames

FRAMES, STRIDE, SIZE, BETA, GROUP = 16, 2, 112, 0.5, 8


def centre_clip(path: Path) -> torch.Tensor:
    """The middle clip of a video at the published geometry: (1, 3, T, 112, 112) in [0, 1]."""
    count = probe(path).frames
    start = uniform_starts(count, FRAMES, STRIDE, 3)[1]
    numbers = clip_indices(start, count, FRAMES, STRIDE)
    wanted, places = np.unique(numbers, return_inverse=True)
    frames = torch.from_numpy(read_frames(path, wanted.tolist())[places])
    clip = frames.permute(3, 0, 1, 2)[None].contiguous()
    sizes = np.array([clip.shape[-2:]])
    flip = torch.zeros(1, dtype=torch.bool)
    boxes = centre_boxes(sizes, SIZE, "short-side")
    return crop_resize_flip(clip, boxes, flip, SIZE, frame_boxes(sizes))


def hue_overlap(path: Path) -> float:
    """Intersection over union of a clip's masks with the correct and with the official hue."""
    clip = centre_clip(path)
    one, other = (mask.mask(clip, BETA, hue=hue).bool() for hue in ("correct", "official"))
    return ((one & other).sum() / (one | other).sum()).item()


def own_donor_share(steps: int = 2000) -> float:
    """Share of clips that keep their own background under random permutations of a group."""
    same = [
        (donors(0, step, 0, 1, GROUP, "permutation") == np.arange(GROUP)).mean()
        for step in range(steps)
    ]
    return float(np.mean(same))


def main(videos: Annotated[Path, typer.Argument(help="A folder of videos.")]) -> None:
    """Print the effects, one per line."""
    files = sorted(path for path in videos.rglob("*") if path.suffix in {".avi", ".mp4"})
    overlaps = np.array([hue_overlap(path) for path in files])
    low, middle, high = np.percentile(overlaps, [10, 50, 90])
    print(f"hue: IoU of the two masks over {len(files)} clips: mean {overlaps.mean():.3f}")
    print(f"hue: 10th, 50th and 90th percentile {low:.3f}, {middle:.3f}, {high:.3f}")
    print(f"donors: {own_donor_share():.4f} of the clips are their own donor (1/8 expected)")
    for crop in ("short-side", "native"):
        *_, height, width = centre_boxes([[240, 320]], SIZE, crop)[0].tolist()
        print(f"crop: {crop} shows {height * width / (240 * 320):.3f} of a 320 x 240 frame")


if __name__ == "__main__":
    typer.run(main)
