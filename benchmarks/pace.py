"""How long a scale's pretraining takes: reading measured, arithmetic counted, a CPU step timed.

    python benchmarks/pace.py --scale ucf --backbone i3d --manifest manifest.parquet

Prints JSON. What a GPU needs follows from `gflop_per_pair` and the arithmetic that it sustains,
which benchmarks/gpu_check.py measures; until it has, the hours below are for assumed rates.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fame.config.reading import load_scale
from fame.config.scale import Backbone, Scale
from fame.data.clips.dataset import TrainClips
from fame.data.clips.sampling import RandomClips
from fame.data.manifest import Manifest
from fame.models import build_encoder
from fame.models.encoder import Encoder

CLIPS = 2
"""In the timed pass: enough for a rate, few enough for any memory."""

SUSTAINED = (10, 30, 100)
"""TFLOP/s that the table of hours assumes."""


def main() -> None:
    """Measure and print."""
    given = _parser().parse_args()
    torch.set_num_threads(given.threads)
    scale = load_scale(given.scale)
    backbone = scale.backbones[given.backbone]
    found = _arithmetic(backbone) | {"scale": scale.name, "threads": given.threads}
    if given.manifest:
        videos = Manifest.read(given.manifest).select("train")
        found["read_pairs_per_second_and_core"] = _reading(scale, backbone, videos, given.videos)
    pairs = given.pairs_per_epoch * scale.pretrain.epochs[given.pretrain]
    found["hours_on_this_cpu"] = pairs / found["cpu_pairs_per_second"] / 3600
    found["hours_by_sustained_tflops"] = {
        str(rate): round(pairs * found["gflop_per_pair"] / rate / 1000 / 3600, 1)
        for rate in SUSTAINED
    }
    print(json.dumps(found, indent=2))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Tell how long a scale's pretraining takes.")
    parser.add_argument("--scale", default="ucf", help="a scale by name, or a path to its file")
    parser.add_argument("--backbone", default="i3d")
    parser.add_argument("--manifest", type=Path, help="real videos, to time their reading")
    parser.add_argument("--videos", type=int, default=40, help="how many of them are read")
    parser.add_argument("--pretrain", default="ucf101", help="the dataset that is pretrained on")
    parser.add_argument("--pairs-per-epoch", type=int, default=149 * 64, help="UCF101: 149 x 64")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    return parser


def _arithmetic(backbone: Backbone) -> dict[str, Any]:
    """Operations and CPU seconds of a pair: two queries are trained, two keys encoded."""
    encoder = build_encoder(backbone.encoder, seed=0)
    clips = torch.rand(CLIPS, 3, backbone.frames, backbone.size, backbone.size)
    counts, seconds = {}, {}
    for name, train in (("trained", True), ("encoded", False)):
        with FlopCounterMode(display=False) as counter:
            _pass(encoder, clips, train)
        start = time.perf_counter()
        _pass(encoder, clips, train)
        counts[name] = counter.get_total_flops() / CLIPS / 1e9
        seconds[name] = (time.perf_counter() - start) / CLIPS
    return {
        "gflop_per_pair": round(2 * sum(counts.values()), 1),
        "gflop_per_finetuned_clip": round(counts["trained"], 1),
        "cpu_pairs_per_second": round(1 / (2 * sum(seconds.values())), 3),
    }


def _pass(encoder: Encoder, clips: torch.Tensor, train: bool) -> None:
    with torch.set_grad_enabled(train):
        total = encoder(clips).sum()
    if train:
        total.backward()


def _reading(scale: Scale, backbone: Backbone, videos: Manifest, count: int) -> float:
    """Pairs of clips a second that one core reads and decodes."""
    draw = RandomClips(backbone.frames, backbone.stride, clips=2)
    clips = TrainClips(videos, draw, seed=0, max_short_side=scale.max_short_side)
    count = min(count, len(clips))
    start = time.perf_counter()
    for index in range(count):
        clips[0, index]
    return round(count / (time.perf_counter() - start), 1)


if __name__ == "__main__":
    main()
