"""Costs and benefits of small copies: space, encoding, reading, quality, and FAME's masks.

    python benchmarks/prepare.py VIDEOS --videos-each 6

VIDEOS has a folder per dataset. Prints JSON: for each dataset and setting of copies, ratios to the
originals, measured in one run on one core. Masks are compared, at the clips' size, with those of
the full-size original.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torchvision.transforms.v2.functional import resize

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fame.augment.masks.fame import mask
from fame.core.errors import FameError
from fame.core.randomness import generator
from fame.data.clips.sampling import RandomClips, clip_indices
from fame.data.listing import videos
from fame.data.video.decode import probe, read_frames
from fame.data.video.facts import VideoInfo
from fame.data.video.resize import scaled_down
from fame.data.video.transcode import Copy, Copying, Task, copy

FRAMES, STRIDE, SIZE, BETA = 16, 2, 112, 0.5
"""The paper's clips for R(2+1)D."""

PAIRS = 3
"""Pairs of clips read per video to measure a rate."""

VARIANTS = {
    "128, crf 18, key every 8": Copying(128, 18, 8),
    "128, crf 23, key every 8": Copying(128, 23, 8),
    "128, crf 18, key every frame": Copying(128, 18, 1),
    "128, crf 18, key every 32": Copying(128, 18, 32),
    "256, crf 18, key every 8": Copying(256, 18, 8),
}


@dataclass(frozen=True)
class Original:
    """A video, with its measurements.

    Attributes:
        path: its file.
        info: facts about it.
        numbers: frame numbers of its pairs of clips, `(PAIRS, 2 * FRAMES)`.
        seconds: time to read these, scaled to a short side of 128.
        masks: masks of the first clips, `(PAIRS, SIZE, SIZE)`.
    """

    path: Path
    info: VideoInfo
    numbers: np.ndarray
    seconds: float
    masks: torch.Tensor


def measure(path: Path) -> Original:
    """Measure an original."""
    info = probe(path)
    draw = RandomClips(FRAMES, STRIDE, clips=2)
    numbers = np.stack(
        [draw(info.frames, generator(0, "bench", i)).reshape(-1) for i in range(PAIRS)]
    )
    return Original(path, info, numbers, _reading(path, numbers, 128), _masks(path, info.frames))


def _reading(path: Path, pairs: np.ndarray, max_short_side: int) -> float:
    """Seconds to read pairs of clips as the loader does."""
    start = time.perf_counter()
    for numbers in pairs:
        pixels = read_frames(path, np.unique(numbers).tolist())
        scaled_down(torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous(), max_short_side)
    return time.perf_counter() - start


def _masks(path: Path, frames: int) -> torch.Tensor:
    """FAME's masks of evenly spread clips, (PAIRS, SIZE, SIZE)."""
    starts = np.linspace(0, max(frames - FRAMES * STRIDE, 0), PAIRS).astype(int)
    clips = []
    for start in starts:
        pixels = read_frames(path, clip_indices(int(start), frames, FRAMES, STRIDE).tolist())
        clip = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous()
        clips.append(resize(clip, [SIZE, SIZE], antialias=True).transpose(0, 1) / 255)
    return mask(torch.stack(clips), BETA)


def overlap(one: torch.Tensor, other: torch.Tensor) -> float:
    """Mean intersection over union of binary masks (B, H, W)."""
    both, either = torch.minimum(one, other).sum((1, 2)), torch.maximum(one, other).sum((1, 2))
    return float((both / either).mean())


def compare(originals: list[Original], copying: Copying, folder: Path) -> dict[str, Any]:
    """Compare copies of one setting with the originals of a dataset."""
    copies, seconds, reading, overlaps = [], 0.0, 0.0, []
    for number, original in enumerate(originals):
        target, start = folder / f"{number}.mp4", time.perf_counter()
        made = copy(Task(original.path, target, original.info.frames, True), copying)
        seconds += time.perf_counter() - start
        if not isinstance(made, Copy):
            raise FameError(f"{original.path}: {made}")
        if made.frames != original.info.frames:
            raise FameError(f"{original.path}: {made.frames} frames in its copy")
        copies.append(made)
        reading += _reading(target, original.numbers, 128)
        overlaps.append(overlap(original.masks, _masks(target, made.frames)))
    frames = sum(one.info.frames for one in originals)
    before = sum(one.seconds for one in originals)
    return {
        "bytes": round(sum(c.after for c in copies) / sum(c.before for c in copies), 3),
        "kib_per_video": round(sum(c.after for c in copies) / len(copies) / 1024),
        "copied_frames_per_second": round(frames / seconds),
        "clips_per_second_before": round(2 * PAIRS * len(originals) / before, 1),
        "clips_per_second_after": round(2 * PAIRS * len(originals) / reading, 1),
        "reading": round(before / reading, 2),
        "psnr": round(float(np.mean([c.psnr for c in copies])), 1),
        "ssim": round(float(np.mean([c.ssim for c in copies])), 4),
        "mask_iou": round(float(np.mean(overlaps)), 3),
        "mask_iou_least": round(float(np.min(overlaps)), 3),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What small copies cost and give.")
    parser.add_argument("videos", type=Path, help="holds a folder for each dataset")
    parser.add_argument("--datasets", nargs="+", help="folders of it; all by default")
    parser.add_argument("--videos-each", type=int, default=6)
    given = parser.parse_args()
    torch.set_num_threads(1)
    names = given.datasets or sorted(p.name for p in given.videos.iterdir() if p.is_dir())
    report = {}
    for name in names:
        listed = videos([given.videos / name])
        chosen = [listed[i * len(listed) // given.videos_each] for i in range(given.videos_each)]
        originals = [measure(path) for path in dict.fromkeys(chosen)]
        report[name] = {}
        for title, copying in VARIANTS.items():
            with tempfile.TemporaryDirectory() as folder:
                report[name][title] = compare(originals, copying, Path(folder))
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
