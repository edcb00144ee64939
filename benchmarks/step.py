"""Where the time of one pretraining step goes, on this machine's CPU.

    python benchmarks/step.py --scale mini --repeats 10 --out step.json

A step is symmetric: both clips of a pair are once query and once key. Across machines, compare the
shares of the whole step rather than milliseconds.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch

# So that the imports work whether or not the package is installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.checks.clips import generated
from benchmarks.checks.short import span_of
from benchmarks.checks.sizes import DATASET, SEED, alone, moco
from benchmarks.checks.stepping import Stepper, seconds
from fame.augment.views import Views
from fame.config.datasets import Synthetic
from fame.config.pretraining import Merge
from fame.config.reading import check_keys, load_scale
from fame.config.scale import Scale
from fame.core.errors import FameError
from fame.core.files import write_json
from fame.data.clips.batch import Batch
from fame.train.pretrain import build_method

CPU = torch.device("cpu")


def measure(scale: Scale, backbone: str, repeats: int) -> dict[str, dict[str, float]]:
    """Milliseconds (medians) of each part of a FAME step, and their shares of the whole.

    `views` is cropping, colours and normalisation of both clips; `mask and merge` is what FAME
    adds; `networks` is the forward passes of both encoders and the loss.
    """
    run, settings = moco(scale, backbone, "fame"), scale.pretrain
    batch = _batch(scale, backbone)
    method = build_method(scale, run, alone(CPU))
    step = Stepper(method, batch, settings.optimiser, "float32", CPU)

    def views(mixing: Merge | None) -> Callable[[], object]:
        size = scale.backbones[backbone].size
        make = Views(settings.views, size, mixing, settings.group, SEED, alone(CPU))
        return lambda: make(batch, 0)

    def ms(action: Callable[[], object]) -> float:
        action()
        return 1000 * median(seconds(action, repeats, CPU))

    plain, merged, forward = ms(views(None)), ms(views(run.merge)), ms(step.forward)
    backward = ms(lambda: step.backward(step.forward())) - forward
    parts = {
        "views": plain,
        "mask and merge": merged - plain,
        "networks forward": forward - merged,
        "backward": backward,
        "update": ms(step.update),
    }
    whole = sum(parts.values())
    return {
        "milliseconds": {name: round(time, 2) for name, time in parts.items()},
        "share": {name: round(time / whole, 3) for name, time in parts.items()},
    }


def _batch(scale: Scale, backbone: str) -> Batch:
    """Generated clips with the scale's length and frame size."""
    dataset, chosen = scale.datasets[DATASET], scale.backbones[backbone]
    side = (
        dataset.world.size
        if isinstance(dataset, Synthetic)
        else scale.max_short_side or 2 * chosen.size
    )
    clips = generated(scale.pretrain.batch, 2 * chosen.frames * chosen.stride, side, side, SEED)
    return clips.some(len(clips), span_of(scale, moco(scale, backbone, None), 2), SEED)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and write a JSON file if requested."""
    parser = argparse.ArgumentParser(description="Time the parts of one pretraining step.")
    parser.add_argument("--scale", default="mini", help="a scale by name, or a path to its file")
    parser.add_argument("--backbone", default="r2plus1d")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, help="a JSON file to write")
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    try:
        scale = load_scale(given.scale)
        check_keys([given.backbone], scale.backbones, "--backbone")
        timings = measure(scale, given.backbone, given.repeats)
    except FameError as error:
        print(f"step: {error}", file=sys.stderr)
        return 1
    for name, share in timings["share"].items():
        print(f"{name:18s} {share:6.1%} {timings['milliseconds'][name]:9.2f} ms")
    if given.out:
        facts = {"scale": given.scale, "backbone": given.backbone, "threads": given.threads}
        write_json(given.out, {**facts, **timings})
    return 0


if __name__ == "__main__":
    sys.exit(main())
