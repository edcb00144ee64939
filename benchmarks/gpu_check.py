"""All checks that need a GPU, in one command of at most nine minutes.

    python benchmarks/gpu_check.py --clips packed.npz --out gpu_check.json

Sections: the environment; whether masks, views, training steps and evaluation equal the CPU's; clip
pairs per second of the training loop beside its bare step, with and without the fused kernels and
CUDA graphs; the longest kernels of a step; loss curves in three precisions; clip pairs per second
and memory of both backbones at the paper's size; a short pretraining on real clips; kill and
resume. The report is saved after every finding; docs/gpu.md explains it. To try the check itself
without a GPU: `--device cpu --size micro`.
"""

import argparse
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import torch

# So that the imports work whether or not the package is installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.checks.clips import Clips, generated
from benchmarks.checks.environment import environment
from benchmarks.checks.evaluation import evaluation
from benchmarks.checks.kernels import kernels
from benchmarks.checks.loop import loop
from benchmarks.checks.packed import read_pack
from benchmarks.checks.parity import parity
from benchmarks.checks.precision import precision
from benchmarks.checks.pretraining import pretraining
from benchmarks.checks.resume import resume
from benchmarks.checks.sections import Context, Report, Section
from benchmarks.checks.sizes import BACKBONES, SEED, SIZES, Size, of_backbones
from benchmarks.checks.throughput import throughput
from fame.core.errors import FameError

SECTIONS: dict[str, tuple[Section, float]] = {
    "environment": (environment, 0.02),
    "parity": (parity, 0.16),
    "loop": (loop, 0.18),
    "kernels": (kernels, 0.06),
    "evaluation": (evaluation, 0.06),
    "precision": (precision, 0.14),
    "throughput": (throughput, 0.22),
    "pretraining": (pretraining, 0.12),
    "resume": (resume, 0.1),
}
"""Sections with their share of the time; unused time goes to later ones."""

NO_GPU = "no GPU was used: speeds and memory are null"


def main(arguments: list[str] | None = None) -> int:
    """Run the sections; 0 if none failed."""
    given = _parser().parse_args(arguments)
    try:
        return _check(given)
    except FameError as error:
        print(f"gpu_check: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Check and time everything that wants a GPU.")
    parser.add_argument("--out", type=Path, required=True, help="the JSON report to write")
    parser.add_argument("--clips", type=Path, help="what pack_clips.py wrote")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--size", choices=SIZES, default="paper")
    parser.add_argument("--minutes", type=float, default=9, help="for everything")
    parser.add_argument(
        "--only", nargs="+", choices=SECTIONS, default=list(SECTIONS), help="some sections"
    )
    parser.add_argument("--backbones", nargs="+", choices=BACKBONES, help="one of the two networks")
    return parser


def _check(given: argparse.Namespace) -> int:
    started = time.monotonic()
    if given.device == "cuda" and not torch.cuda.is_available():
        raise FameError("there is no GPU here; to try the check: --device cpu --size micro")
    size = SIZES[given.size]()
    if given.backbones:
        size = of_backbones(size, given.backbones)
    clips = read_pack(given.clips) if given.clips else _generated(size)
    facts = {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "device": given.device,
        "size": given.size,
        "minutes": given.minutes,
        "note": None if given.device == "cuda" else NO_GPU,
    }
    report = Report(given.out, facts)
    statuses = []
    deadline, total = started, sum(SECTIONS[name][1] for name in given.only)
    for name in given.only:
        section, share = SECTIONS[name]
        deadline += 60 * given.minutes * share / total
        context = Context(
            torch.device(given.device), given.size, size, clips, given.clips, deadline
        )
        statuses.append(report.run(name, section, context))
        entry = report.content["sections"][name]
        line = f"{name}: {entry['status']}, {entry['seconds']:.0f} s"
        print(f"{line} ({entry['message']})" if entry["message"] else line, flush=True)
    report.content["seconds"] = round(time.monotonic() - started, 1)
    report.save()
    return int("failed" in statuses)


def _generated(size: Size) -> Clips:
    """Generated clips of the size that pack_clips.py gives real ones."""
    backbones = size.scale.backbones.values()
    frames = 2 * max(backbone.frames * backbone.stride for backbone in backbones)
    side = min(backbone.size for backbone in backbones) * 8 // 7
    return generated(2 * size.throughput_batch, frames, side, side * 4 // 3, SEED)


if __name__ == "__main__":
    # cuBLAS reads this at its first use; the resumed training needs it.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    sys.exit(main())
