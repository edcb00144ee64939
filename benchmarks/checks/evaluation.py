"""Evaluation on the device, with deterministic operations, compared with the CPU.

Covers the bias probes' conditions, features, activation maps, the nearest-neighbour check and a
step of finetuning. An operation without a deterministic version on a GPU, which would stop a scale
with `deterministic: true`, fails here.
"""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from benchmarks.checks.clips import Span
from benchmarks.checks.sections import Context, Finding
from benchmarks.checks.sizes import SEED, alone, moco
from fame.augment.views import Views
from fame.config.scale import Backbone
from fame.core.distributed import fixed_order
from fame.data.clips.batch import Batch
from fame.evaluate.bias.altered import AlteredClips
from fame.evaluate.bias.foreground import MotionForeground
from fame.evaluate.features.activation_maps import activation_maps
from fame.evaluate.features.clipspec import ClipSpec
from fame.evaluate.features.encode import evaluation as in_full_precision
from fame.evaluate.metrics.knn import leave_one_out
from fame.evaluate.tasks.finetune import Classifier, Finetuning
from fame.models.encoder import Encoder
from fame.train.pretrain import build_method

THRESHOLDS = {
    "conditions_mean_abs": 1e-5,
    # Relative to the norm of features and maps. Chosen beforehand; an H200 was off by at most 1e-6.
    "features_relative": 1e-3,
    "activation_relative": 1e-3,
}
CPU = torch.device("cpu")
CLIPS = 2
VIDEOS = 8


def _videos(context: Context) -> int:
    return min(VIDEOS, len(context.clips))


class _Precomputed:
    """A precomputed foreground: a device that rounds differently would compute another one."""

    name = "fame"

    def __init__(self, masks: Tensor) -> None:
        self._masks = masks

    def __call__(self, batch: Batch, views: Tensor) -> Tensor:
        """The masks, whatever the batch; see `Foreground`."""
        return self._masks.to(views.device)


def evaluation(context: Context) -> Iterator[Finding]:
    """Every part on every backbone, with deterministic operations only."""
    yield Finding("thresholds", dict(THRESHOLDS))
    with fixed_order(True):
        for name, backbone in context.size.scale.backbones.items():
            yield from probe_findings(context, name, backbone)
        # I3D's pooling has no deterministic backward pass on a GPU.
        yield _finetuning(context, "r2plus1d")


def probe_findings(context: Context, name: str, backbone: Backbone) -> Iterator[Finding]:
    """Whether the bias probes' conditions are equal on the device and on the CPU."""
    batch = context.clips.some(
        _videos(context), Span(backbone.frames, backbone.stride, CLIPS), SEED
    )
    encoder = build_method(context.size.scale, moco(context.size.scale, name, None), alone(CPU))
    spec = replace(
        ClipSpec.of(context.size.scale, backbone, context.size.scale.pretrain.views), clips=CLIPS
    )
    foreground = MotionForeground(context.size.scale.pretrain.merge.beta)
    foregrounds = _Precomputed(foreground(batch, spec.cropped(batch.clips, batch.sizes)))
    ours, theirs = (
        _seen(spec, foregrounds, encoder.encoder, batch.to(device))
        for device in (context.device, CPU)
    )
    conditions = _gap(ours["conditions"], theirs["conditions"])
    yield Finding(f"conditions, {name}", conditions, _within("conditions_mean_abs", conditions))
    for part in ("features", "activation"):
        gap = _gap(ours[part], theirs[part])
        yield Finding(f"{part}, {name}", gap, _within(f"{part}_relative", gap))
    labels = batch.labels.cpu()
    votes = [leave_one_out(seen["features"], labels, 3) for seen in (ours, theirs)]
    yield Finding(f"neighbours, {name}", {"percent": votes[0], "percent_cpu": votes[1]})


@torch.no_grad()
def _seen(
    spec: ClipSpec, foregrounds: _Precomputed, encoder: Encoder, batch: Batch
) -> dict[str, Tensor]:
    """The encoder's inputs and outputs on a device."""
    device, rows = batch.clips.device, range(len(batch.clips))
    labels = np.asarray(batch.labels.cpu())
    show = AlteredClips(spec, CLIPS, foregrounds, labels, [rows], SEED)
    with in_full_precision(encoder, device):
        views = spec.normalised(spec.cropped(batch.clips, batch.sizes))
        conditions = torch.cat([views, *show(_numbered(batch))], dim=1)
        original = conditions[:, 0]
        return {
            "conditions": conditions,
            "features": encoder(original),
            "activation": activation_maps(encoder, original),
        }


def _numbered(batch: Batch) -> Batch:
    """The batch as the first of an extraction: rows numbered from 0, without repeats."""
    return replace(batch, indices=torch.arange(len(batch.clips)))


def _gap(ours: Tensor, theirs: Tensor) -> dict[str, float]:
    apart = ours.cpu().double() - theirs.cpu().double()
    length = theirs.double().norm().item()
    return {
        "mean_abs": apart.abs().mean().item(),
        "relative": apart.norm().item() / length if length else math.nan,
    }


def _within(threshold: str, gap: dict[str, float]) -> bool:
    return gap[threshold.split("_", 1)[1]] <= THRESHOLDS[threshold]


def _finetuning(context: Context, name: str) -> Finding:
    """Loss and gradients of a step on the device; they must be finite."""
    scale, device = context.size.scale, context.device
    backbone, settings = scale.backbones[name], scale.evaluate.finetune
    batch = context.clips.some(settings.group, Span(backbone.frames, backbone.stride, 1), SEED)
    encoder = build_method(scale, moco(scale, name, None), alone(device)).encoder
    model = Classifier(encoder, len(set(context.clips.labels.tolist())), SEED).to(device)
    views = Views(settings.views, backbone.size, None, settings.group, SEED, alone(device))
    loss, _ = Finetuning(model, views, settings.dropout, SEED).loss(batch.to(device), 0)
    loss.backward()
    sizes = [p.grad.norm().item() for p in model.parameters() if p.grad is not None]
    finite = all(map(math.isfinite, [loss.item(), *sizes]))
    return Finding(f"finetuning, {name}", {"loss": loss.item(), "gradients": len(sizes)}, finite)
