"""Time the fused BatchNorm's kernels on layers of R(2+1)D-18, for several sizes of tiles; JSON.

    python benchmarks/fused_sweep.py --out sweep.json

Each kernel's speed is given in GB/s: the bytes that it must read and write, over its time. A copy
of as many bytes stands beside, as the limit. It needs a GPU.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

# So that the imports work whether or not the package is installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fame.core.files import write_json
from fame.models import fused_kernels

CLIPS, GROUP = 64, 8
SHAPES = ((64, 16, 56), (48, 16, 56), (144, 16, 56), (288, 8, 28), (576, 4, 14), (1152, 2, 7))
"""Channels, frames and side."""

TILES = (1024, 2048, 4096, 8192)
WARPS = (4, 8)


class _Grid(fused_kernels.Grid):
    """Every pass with the tile and the number of warps of a sweep's step."""

    warps, tile, programs = 4, 2048, 1056

    def __init__(self, x: torch.Tensor, groups: int, **_: int) -> None:
        super().__init__(x, groups, self.tile, self.programs)
        self.options["num_warps"] = self.warps


def milliseconds(action: Any, times: int = 10) -> float:
    """Of one action, by the device's clock."""
    action()
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    for _ in range(times):
        action()
    end.record()
    torch.cuda.synchronize()
    return start.elapsed_time(end) / times


def measured(shape: tuple[int, int, int]) -> dict[str, float]:
    """GB/s of the three passes of a layer with ReLU, and of a copy."""
    channels, frames, side = shape
    x = torch.randn(CLIPS, channels, frames, side, side, device="cuda", dtype=torch.bfloat16)
    x = x.contiguous(memory_format=torch.channels_last_3d)
    gradient = torch.randn_like(x)
    weight, bias = torch.ones(channels, device="cuda"), torch.zeros(channels, device="cuda")
    groups, size = CLIPS // GROUP, x.numel() * x.element_size() / 1e6
    mean, _, scale = fused_kernels.moments(x, groups, 1e-5)
    passes = {
        "copy": (2, gradient.clone),
        "moments": (1, lambda: fused_kernels.moments(x, groups, 1e-5)),
        "apply": (2, lambda: fused_kernels.apply(x, weight, bias, None, mean, scale, True)),
        "gradients": (
            5,
            lambda: fused_kernels.gradients(
                gradient, None, x, weight, bias, mean, scale, True, None
            ),
        ),
    }
    return {
        name: round(moved * size / milliseconds(action)) for name, (moved, action) in passes.items()
    }


def main() -> None:
    """Measure all sizes; the file is rewritten after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="the JSON to write")
    parser.add_argument("--seconds", type=float, default=120, help="start no further size after")
    given, began = parser.parse_args(), time.monotonic()
    found: dict[str, Any] = {}
    for warps in WARPS:
        for tile in TILES:
            if time.monotonic() - began > given.seconds:
                return
            _Grid.warps = warps
            with (
                patch.object(fused_kernels, "_TILE", tile),
                patch.object(fused_kernels, "Grid", _Grid),
            ):
                entry = {str(shape): measured(shape) for shape in SHAPES}
            found[f"tile {tile}, {warps} warps"] = entry
            write_json(given.out, found)
            print(tile, warps, entry, flush=True)


if __name__ == "__main__":
    main()
