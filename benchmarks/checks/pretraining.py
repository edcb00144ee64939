"""A short pretraining on real clips, MoCo and FAME, with nearest neighbours before and after.

A smoke test, not a result: a hundred clips and a few hundred steps cannot rank two methods.
"""

import math
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import normalize as unit

from benchmarks.checks.clips import Clips, Span
from benchmarks.checks.sections import Context, Finding, SkippedError
from benchmarks.checks.short import NEVER, Course, short_training
from benchmarks.checks.sizes import DATASET, alone, changed, moco
from fame.augment.crop import centre_boxes, crop_resize_flip, frame_boxes
from fame.augment.photometric import normalise
from fame.config.methods import Methods
from fame.config.scale import Scale
from fame.models.encoder import Encoder
from fame.pipeline.runs import Run
from fame.train.pretrain import build_method

AT_A_TIME = 16
CLIPS_PER_VIDEO = 2
METHODS = {"moco": None, "fame": "fame"}


def pretraining(context: Context) -> Iterator[Finding]:
    """Both methods on R(2+1)D, for the same number of steps if time allows."""
    if context.packed is None:
        raise SkippedError("needs real clips: pack some with pack_clips.py and give --clips")
    scale = _recipe(context)
    start = moco(scale, "r2plus1d", None)
    untrained = build_method(scale, start, alone(context.device)).encoder
    labels = context.clips.labels
    chance = 100 * np.bincount(labels).max() / len(labels)
    yield Finding(
        "untrained",
        {"knn_percent": _knn(context, scale, start, untrained), "largest_class_percent": chance},
    )
    for number, name in enumerate(METHODS):
        end = context.left() * (1 - 1 / (len(METHODS) - number))
        yield _trained(context, scale, name, end)


def _recipe(context: Context) -> Scale:
    """The paper's recipe, adapted to a short training on few videos.

    A queue would mostly contain keys of the same videos, and a slow key encoder would hardly move,
    so negatives come from the batch and the key encoder follows at once.
    """
    size, settings = context.size, context.size.scale.pretrain
    assert settings.methods.moco is not None
    in_batch = settings.methods.moco.model_copy(update={"queue": {DATASET: 0}, "momentum": 0.0})
    schedule = settings.optimiser.schedule.model_copy(update={"warmup_steps": 10})
    return changed(
        size.scale,
        batch=size.pretrain_batch,
        methods=Methods(moco=in_batch),
        optimiser=settings.optimiser.model_copy(update={"schedule": schedule}),
    )


def _trained(context: Context, scale: Scale, name: str, end: float) -> Finding:
    size = context.size
    run = moco(scale, "r2plus1d", METHODS[name])
    course = Course(
        scale,
        run,
        size.pretrain_steps,
        size.pretrain_precision,
        NEVER,
        lambda step: context.left() > end,
    )
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        method, recorded = short_training(course, context.clips, Path(place), context.device)
    spent = time.monotonic() - started
    losses = recorded.losses
    quarter = max(len(losses) // 4, 1)
    data: dict[str, Any] = {
        "steps": len(losses),
        "batch": size.pretrain_batch,
        "seconds": round(spent, 1) if context.on_gpu else None,
        "loss": losses,
        "contrast": recorded.contrasts,
        "loss_fell": sum(losses[-quarter:]) < sum(losses[:quarter]),
        "knn_percent": _knn(context, scale, run, method.encoder),
    }
    return Finding(name, data, all(map(math.isfinite, losses)) if losses else None)


def _knn(context: Context, scale: Scale, run: Run, encoder: Encoder) -> float:
    features = _features(context, scale, run, encoder)
    return nearest(features, context.clips)


@torch.no_grad()
def _features(context: Context, scale: Scale, run: Run, encoder: Encoder) -> torch.Tensor:
    """(N, C) unit vectors: uniform clips, one centre crop each, averaged over a video's clips."""
    backbone, views = scale.backbones[run.backbone], scale.pretrain.views
    batch = context.clips.uniform(Span(backbone.frames, backbone.stride, CLIPS_PER_VIDEO))
    still = torch.zeros(AT_A_TIME, dtype=torch.bool)
    features = []
    encoder.eval()
    for first in range(0, len(batch.clips), AT_A_TIME):
        rows = slice(first, first + AT_A_TIME)
        sizes = batch.sizes[rows].repeat_interleave(CLIPS_PER_VIDEO, 0)
        clips = batch.clips[rows].flatten(0, 1).to(context.device)
        boxes, whole = centre_boxes(sizes, backbone.size, "short-side"), frame_boxes(sizes)
        flips = still.new_zeros(len(clips))
        cut = crop_resize_flip(clips, boxes, flips, backbone.size, whole)
        outputs = encoder(normalise(cut, views.mean, views.std)).float()
        features.append(unit(outputs, dim=1).unflatten(0, (-1, CLIPS_PER_VIDEO)).mean(1))
    return unit(torch.cat(features), dim=1)


def nearest(features: torch.Tensor, clips: Clips) -> float:
    """Percent of videos whose nearest video of another group has their class.

    Args:
        features: (N, C) unit vectors.
        clips: labels and groups; a video without another group is skipped.
    """
    similar = (features @ features.T).cpu().double()
    same = torch.from_numpy(clips.groups[:, None] == clips.groups[None])
    similar[same] = -torch.inf
    usable = (~same).any(1)
    labels = torch.from_numpy(np.asarray(clips.labels))
    right = labels[similar.argmax(1)] == labels
    return round(100 * right[usable].double().mean().item(), 2)
