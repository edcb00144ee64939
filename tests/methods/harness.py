"""Train a method on the mini scale, then measure its pretext accuracy on videos it has not seen."""

from dataclasses import dataclass

import numpy as np
import torch
from method_runs import WORLD, options_of
from micro_world import ROOT
from small_videos import rows, write_video

from fame.config.reading import load_scale
from fame.config.tables import Recipe
from fame.data.clips.batch import collate
from fame.data.index import index
from fame.data.manifest import Manifest
from fame.data.synthetic import write_world
from fame.pipeline.runs import resolve
from fame.train.batches import batches
from fame.train.pretrain import build_method, clips_of
from fame.train.schedule import rate
from fame.train.sgd import SGD

SCALE = ROOT / "config" / "scales" / "mini.yaml"
ROUNDS = 8
"""Draws of each held-out video."""
UNSEEN = 10**6
"""Epochs and steps from here on key draws that training never saw."""
NULLS = ("noise", "still")
LENGTH, SIDE, TRAIN, HELD_OUT = 32, 40, 300, 96
"""Of null videos: frames, pixels, and videos for training and testing, as in the mini world."""


@dataclass(frozen=True)
class Outcome:
    """Pretext accuracy on held-out videos.

    Attributes:
        accuracy: in [0, 1].
        chance: the method's own figure.
        items: independent draws behind it.
    """

    accuracy: float
    chance: float
    items: int

    @property
    def limit(self):
        """Three standard deviations above chance."""
        return self.chance + 3 * (self.chance * (1 - self.chance) / self.items) ** 0.5


def mini_videos(place):
    """The mini Kinetics, indexed."""
    write_world(load_scale(str(SCALE)).datasets["kinetics400"].world, 0, place)
    return index(
        "kinetics400", root=place / "videos", annotations=place / "annotations", name="kinetics400"
    )


def null_videos(place, kind):
    """Lossless videos of white noise, new in each frame (`noise`) or always the same (`still`).

    Pace, order and direction are not there to be learnt, nor does noise have an upright side.
    """
    place.mkdir(parents=True)
    count = TRAIN + HELD_OUT
    for number in range(count):
        shape = (1 if kind == "still" else LENGTH, SIDE, SIDE, 3)
        noise = np.random.default_rng(number).integers(0, 256, shape, np.uint8)
        write_video(place / f"v{number}.avi", noise.repeat(LENGTH // len(noise), axis=0))
    table = rows([LENGTH] * count, [(SIDE, SIDE)] * count)
    table["split"] = ["train"] * TRAIN + ["val"] * HELD_OUT
    return Manifest("null", place, table, ["even", "odd"])


def outcome(method, protocol, videos):
    """Train by the scale's recipe on `train`, then play the pretext task on `val`."""
    scale = load_scale(str(SCALE))
    recipe = Recipe(
        method=method,
        backbone="r2plus1d",
        pretrain="kinetics400",
        options=options_of(method, protocol),
    )
    run = resolve(scale, recipe, {}, 0)
    model = build_method(scale, run, WORLD)
    _train(model, scale, run, videos.select("train"))
    held_out = videos.select("val")
    accuracy = _accuracy(model, clips_of(scale, run, held_out, model), len(held_out.table))
    chance = model.chance(scale.pretrain.batch)
    return Outcome(accuracy, chance, ROUNDS * len(held_out.table))


def _train(model, scale, run, videos):
    settings = scale.pretrain
    epochs, optimiser = settings.epochs["kinetics400"], settings.optimiser_of(run.method)
    source = batches(
        clips_of(scale, run, videos, model), settings.batch, epochs, run.seed, WORLD, 0
    )
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    sgd = SGD(trained, optimiser.momentum, optimiser.weight_decay)
    for step, batch in enumerate(source.batches(0)):
        sgd.zero_grad()
        model.loss(batch, step)[0].backward()
        sgd.step(rate(optimiser, step, source.steps_per_epoch, epochs))


@torch.no_grad()
def _accuracy(model, clips, count, size=32):
    """The mean of the accuracy that the method itself reports, without training."""
    model.eval()
    found = []
    for turn in range(ROUNDS):
        for start in range(0, count, size):
            samples = [clips[UNSEEN + turn, row] for row in range(start, min(start + size, count))]
            step = UNSEEN + turn * count + start
            right = model.loss(collate(samples), step)[1]["accuracy"].item()
            found += [right] * len(samples)
    return float(np.mean(found))
