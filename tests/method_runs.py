"""Every pretext method in each protocol, built and fed on the micro scale."""

import pytest
import torch

from fame.config.reading import load_scale
from fame.config.tables import Recipe
from fame.core.distributed import World
from fame.data.clips.batch import collate
from fame.pipeline.runs import resolve
from fame.train.pretrain import build_method, clips_of

WORLD = World(0, 1, torch.device("cpu"))

SPEEDS = {"normal": [1.0, 1.2], "fast": [1.7, 2.2], "sizes": [0.2857142857142857, 1.5]}
SLOW = {"stride": 1, "weight": 1.0, "target": "momentum", "momentum": 0.99}
BLOCKS = {"length": 2, "predicted": 2, "slots": 1024, "gain": 3.0, "dropout": 0.1}
MASKED = {"stride": 1, "layers": 2, "heads": 4, "width": 128, "hidden": 512, "dropout": 0.1}
OPTIONS = {
    ("dsm", "own"): {"warps": 3, "temporal": "other-time", "stride": 4, "temperature": 0.07},
    ("dsm", "fame"): {"warps": 3, "temporal": "other-time"},
    ("ascnet", "own"): {**SLOW, "hidden": 2048, "dim": 256},
    ("ascnet", "fame"): SLOW,
    ("cbt", "own"): {"windows": 4, **MASKED},
    ("cbt", "fame"): {"windows": 3, **MASKED},
    ("memdpc", "own"): {**BLOCKS, "stride": 2},
    ("memdpc", "fame"): {**BLOCKS, "channels": 256},
    ("ccl", "own"): {"diversity": 0.1, "limit": 0.9, "temperature": 0.07, "dim": 128},
    ("ccl", "fame"): {"diversity": 0.1, "limit": 0.9},
    ("gdt", "own"): {
        "hypothesis": 6,
        "seconds": 1.0,
        "stride": 2,
        "temperature": 0.07,
        "dim": 256,
    },
    ("gdt", "fame"): {"hypothesis": 6, "seconds": 0.32},
    ("mlrep", "own"): {
        "fastest": 3.0,
        "prototypes": 1000,
        "graph_from": 0.2,
        "temperature": 0.07,
        "dim": 128,
        "hidden": 512,
        "bank": 1024,
        "graph_mean": "released",
    },
    ("mlrep", "fame"): {"fastest": 3.0, "prototypes": 1000, "graph_from": 0.2},
    ("pace", "own"): {"paces": [1, 2, 3, 4]},
    ("pace", "fame"): {"paces": [1, 2, 3, 4]},
    ("prp", "own"): {"rates": [1, 2, 4, 8], "weight": 0.1},
    ("prp", "fame"): {"rates": [1, 2, 4, 8], "weight": 0.1},
    ("rotnet3d", "own"): {"stride": 2, "hidden": 64},
    ("rotnet3d", "fame"): {"turns": 4},
    ("rspnet", "own"): {"margin": 0.14, "stride": 1, "temperature": 0.07},
    ("rspnet", "fame"): {"margin": 0.14, "stride": 1},
    ("speednet", "own"): SPEEDS,
    ("speednet", "fame"): SPEEDS,
    ("spatiotemp", "own"): {"dominant": "exact", "factor": 0.05, "stride": 1},
    ("spatiotemp", "fame"): {"dominant": "octant", "factor": 0.1},
    ("srtc", "own"): {
        "segments": 2,
        "reversal": 0.5,
        "theta": 0.05,
        "stride": 4,
        "temperature": 0.07,
    },
    ("srtc", "fame"): {"segments": 2, "reversal": 0.5, "theta": 0.05},
    ("temptrans", "own"): {
        "doublings": 3,
        "batchnorm": True,
        "crop_scale": [0.25, 0.25],
        "crop_aspect": [1.3333333333333333, 1.3333333333333333],
        "brightness": 0.125,
        "saturation": 0.5,
        "gray": 0.2,
        "mean": [0.5, 0.5, 0.5],
        "std": [0.5, 0.5, 0.5],
    },
    ("temptrans", "fame"): {"doublings": 3, "batchnorm": True},
    ("vcop", "own"): {"stride": 1, "gap": 0.5, "dropout": 0.5},
    ("vcop", "fame"): {"stride": 1, "gap": 0.5, "dropout": 0.5},
    ("vcp", "own"): {"stride": 1, "gap": 0.5},
    ("vcp", "fame"): {"stride": 1, "gap": 0.5},
    ("videomoco", "own"): {
        "drop": 0.25,
        "weight": 100,
        "start": 0.5,
        "decay": 0.99999,
        "stride": 1,
        "temperature": 0.07,
    },
    ("videomoco", "fame"): {"drop": 0.25, "weight": 100, "start": 0.5, "oldest": 0.98},
}
"""The published options of each method and protocol; tests of all methods run through these.

MemDPC's blocks and CBT's transformer are smaller here, as the tests' scales are; MemDPC's published
gain of 0.1 is for Adam.
"""

RATES = {"cbt": 0.005, "memdpc": 0.005}
"""Learning rates for `losses`, of methods that diverge at its own."""

COMPARED = {method for method, _ in OPTIONS}
"""The methods with rows of the comparison."""

EVERY = pytest.mark.parametrize(("method", "protocol"), OPTIONS, ids=lambda word: word)
"""Every method in each protocol."""


def mostly(protocol):
    """Every method in one protocol; its other protocol is tested by make test-methods."""
    cases = [
        pytest.param(*pair, marks=() if pair[1] == protocol else pytest.mark.methods)
        for pair in OPTIONS
    ]
    return pytest.mark.parametrize(("method", "protocol"), cases, ids=lambda word: word)


NEEDS = {method: {"backbones.r2plus1d.frames": 8} for method in ("ccl", "memdpc", "mlrep", "prp")}
"""Changes to the micro scale without which a method refuses its backbone."""


def options_of(method, protocol, **changes):
    """The published options, with some changed."""
    return {"protocol": protocol, **OPTIONS[method, protocol], **changes}


def setting(micro, method, options, changes=None, **recipe):
    """The micro scale, changed at dotted paths, and a run of a method on it."""
    scale = load_scale(str(micro.scale(method, NEEDS.get(method, {}) | (changes or {}))))
    common = {"method": method, "backbone": "r2plus1d", "pretrain": "kinetics400"}
    return scale, resolve(scale, Recipe(**(common | recipe), options=options), {}, 0)


def built(micro, method, options, changes=None, world=WORLD):
    """A method on the micro scale, and a batch of its own clips."""
    scale, run = setting(micro, method, options, changes)
    model = build_method(scale, run, world)
    return model, raw(scale, run, model, micro.videos())


def raw(scale, run, method, videos, count=8, epoch=0):
    """A batch of the method's own clips of the first training videos."""
    clips = clips_of(scale, run, videos.select("train"), method)
    return collate([clips[epoch, index] for index in range(count)])


def losses(model, batch, steps=40, rate=0.05):
    """The losses of plain SGD on one batch, with the same draws at every step."""
    sgd = torch.optim.SGD((p for p in model.parameters() if p.requires_grad), rate, momentum=0.9)
    found = []
    for _ in range(steps):
        sgd.zero_grad()
        loss, _ = model.loss(batch, 0)
        loss.backward()
        sgd.step()
        found.append(loss.item())
    return found
