"""kNN accuracy during pretraining, so that a collapse is seen at once; it selects nothing."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from fame.config.scale import Scale
from fame.core.distributed import World
from fame.core.randomness import generator
from fame.data.manifest import Manifest
from fame.evaluate.features.clipspec import ClipSpec
from fame.evaluate.features.encode import Work, clip_outputs
from fame.evaluate.metrics.knn import leave_one_out
from fame.models.encoder import Encoder
from fame.pipeline.runs import Run

WATCHED_AT_A_TIME = 16
"""Videos that are encoded together; they have one clip each."""


def monitor(
    scale: Scale, run: Run, manifest: Manifest, world: World
) -> Callable[[Encoder], float] | None:
    """A function that scores an encoder in percent, or None if there are no labels to score by.

    It looks at a keyed sample of the `val` videos, or of the `train` videos if there are none,
    one clip each, and classifies each by its nearest neighbours among the others.
    """
    settings, backbone = scale.pretrain.monitor, scale.backbones[run.backbone]
    videos = _sample(manifest, settings.videos, run.seed)
    if videos is None or len(videos) <= settings.neighbours:
        return None
    labels = torch.from_numpy(videos.labels())
    spec = replace(ClipSpec.of(scale, backbone, scale.pretrain.views), clips=1)
    work = Work(world.device, WATCHED_AT_A_TIME, workers=0, parts=None, progress=False)

    def score(encoder: Encoder) -> float:
        outputs = clip_outputs(encoder, videos, spec, work)
        return leave_one_out(torch.from_numpy(outputs[:, 0]), labels, settings.neighbours)

    return score


def _sample(manifest: Manifest, count: int, seed: int) -> Manifest | None:
    """`count` labelled videos, keyed by the seed."""
    table = manifest.table
    split = "val" if (table["split"] == "val").any() else "train"
    chosen = manifest.select(split)
    labelled = np.flatnonzero(chosen.labels() >= 0)
    if not len(labelled):
        return None
    order = generator(seed, "monitor").permutation(labelled)[:count]
    rows = chosen.table.iloc[np.sort(order)].reset_index(drop=True)
    return Manifest(chosen.dataset, chosen.root, rows, chosen.classes)
