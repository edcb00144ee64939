"""A deterministic training in a separate process, which may kill itself at a step."""

import argparse
import os
import signal
from pathlib import Path

import torch

from benchmarks.checks.clips import generated
from benchmarks.checks.short import Course, short_training
from benchmarks.checks.sizes import SEED, SIZES, Size, changed, moco
from fame.core.distributed import fixed_order
from fame.models.files import save_encoder

GROUPS = 2
EVERY_STEP = 1e-9
"""Minutes between checkpoints."""


def main() -> None:
    """Train in each directory, from its checkpoint if there is one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", required=True)
    parser.add_argument("--size", required=True, choices=SIZES)
    parser.add_argument("--killed-at", type=int)
    parser.add_argument("directories", type=Path, nargs="+")
    given = parser.parse_args()
    with fixed_order(True):
        for directory in given.directories:
            _train(SIZES[given.size](), torch.device(given.device), directory, given.killed_at)


def _train(size: Size, device: torch.device, directory: Path, killed_at: int | None) -> None:
    batch = GROUPS * size.scale.pretrain.group
    scale = changed(size.scale, batch=batch)
    backbone = scale.backbones["r2plus1d"]
    side = backbone.size * 8 // 7
    clips = generated(2 * batch, 2 * backbone.frames * backbone.stride, side, side, SEED)

    def go_on(step: int) -> bool:
        if step == killed_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return True

    run = moco(scale, "r2plus1d", "fame")
    course = Course(scale, run, size.resume_steps, "float32", EVERY_STEP, go_on)
    method, _ = short_training(course, clips, directory, device)
    save_encoder(directory / "encoder.safetensors", method.encoder)


if __name__ == "__main__":
    main()
