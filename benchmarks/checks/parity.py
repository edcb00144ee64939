"""Compare masks, views, loss and gradients, in float32, on the device and on the CPU."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from benchmarks.checks.clips import Span
from benchmarks.checks.sections import Context, Finding
from benchmarks.checks.short import span_of
from benchmarks.checks.sizes import SEED, alone, changed, moco, with_frames, with_resources
from benchmarks.checks.stepping import Arithmetic
from fame.augment import masks
from fame.augment.crop import centre_boxes, crop_resize_flip, frame_boxes
from fame.augment.photometric import normalise, photometric
from fame.augment.view_draws import draw
from fame.augment.views import Views
from fame.config.scale import Backbone, Scale
from fame.core import registry
from fame.data.clips.batch import Batch
from fame.models.fused_norm import ready
from fame.pretext.moco import MoCo
from fame.train.precision import autocast, rounding
from fame.train.pretrain import build_method

THRESHOLDS = {
    # FAME rounds colours to bins, so a uniform region between two bins changes as a whole. Noise of
    # one float32 rounding on 24 real clips gave: lowest IoU 0.971, mean 0.998, soft map 9e-4.
    "fame_iou_least": 0.95,
    "fame_iou_mean": 0.99,
    "fame_soft_mean_abs": 3e-3,
    # The other variants only rank pixels; the same noise gave 0.9997 and 2e-7.
    "mask_iou_least": 0.99,
    "mask_iou_mean": 0.999,
    "mask_soft_mean_abs": 1e-5,
    "geometry_max_abs": 1e-5,
    "photometric_max_abs": 1e-4,
    "normalise_max_abs": 1e-5,
    # Whole FAME views inherit the swapped pixels.
    "views_mean_abs": 5e-3,
    # Compared with float64 on the CPU. In float64 the device must agree; in float32 its error may
    # be this many times the CPU's, which is large (up to 1.6 % of R(2+1)D-18's gradient).
    "step_float64": 1e-6,
    "step_float32_ratio": 10.0,
    "step_float32_free": 1e-5,
}
CPU = torch.device("cpu")


def parity(context: Context) -> Iterator[Finding]:
    """Compare the device with the CPU, without TF32."""
    yield Finding("thresholds", dict(THRESHOLDS))
    with rounding("float32"):
        for name, backbone in context.size.scale.backbones.items():
            yield from mask_findings(context, name, backbone)
        for name in context.size.scale.backbones:
            yield from _views(context, name)
    for name in context.size.scale.backbones:
        yield step_finding(context, name)


def _differ(ours: Tensor, reference: Tensor) -> dict[str, float]:
    gap = (ours.cpu().double() - reference.double()).abs()
    return {"max_abs": gap.max().item(), "mean_abs": gap.mean().item()}


def iou(ours: Tensor, reference: Tensor) -> Tensor:
    """(B,) overlap of masks (B, H, W), which may be soft."""
    there = ours.cpu()
    shared = torch.minimum(there, reference).sum((1, 2))
    return shared / torch.maximum(there, reference).sum((1, 2)).clamp(min=1e-12)


def _centre_crops(context: Context, backbone: Backbone) -> Tensor:
    """(N, 3, T, size, size) float clips on the CPU, the same for every comparison."""
    batch = context.clips.some(
        context.size.parity_clips, Span(backbone.frames, backbone.stride, 1), SEED
    )
    boxes = centre_boxes(batch.sizes, backbone.size, "short-side")
    flip = torch.zeros(len(batch.clips), dtype=torch.bool)
    return crop_resize_flip(batch.clips[:, 0], boxes, flip, backbone.size, frame_boxes(batch.sizes))


def mask_findings(context: Context, name: str, backbone: Backbone) -> Iterator[Finding]:
    """Each mask's overlap between the device and the CPU, on the same clips."""
    clips = _centre_crops(context, backbone)
    there = clips.to(context.device)
    beta = context.size.scale.pretrain.merge.beta
    for variant in registry.names("fame.augment.masks"):
        soft, mask = masks.get(variant, "soft_map"), masks.get(variant)
        gap = _differ(soft(there), soft(clips))
        overlap = iou(mask(there, beta), mask(clips, beta))
        least, mean = overlap.min().item(), overlap.mean().item()
        kind = "fame" if variant == "fame" else "mask"
        yield Finding(
            f"mask {variant}, {name}",
            {"soft": gap, "iou_mean": mean, "iou_least": least},
            least >= THRESHOLDS[f"{kind}_iou_least"]
            and mean >= THRESHOLDS[f"{kind}_iou_mean"]
            and gap["mean_abs"] <= THRESHOLDS[f"{kind}_soft_mean_abs"],
        )


def _views(context: Context, name: str) -> Iterator[Finding]:
    """Each operation on the same input, then whole FAME views."""
    scale, device = context.size.scale, context.device
    backbone, settings = scale.backbones[name], scale.pretrain.views
    run = moco(scale, name, "fame")
    group = context.size.parity_clips // 2
    batch = context.clips.some(2 * group, span_of(scale, run, 2), SEED)
    choices = draw(settings, SEED, "view0", batch.epochs, batch.indices, batch.sizes)
    raw = batch.clips[:, 0]
    plain = crop_resize_flip(raw, choices.boxes, choices.flip, backbone.size)
    changes = photometric(plain, choices, settings.jitter_kind)
    ready = normalise(changes, settings.mean, settings.std)
    there = {
        "geometry": crop_resize_flip(raw.to(device), choices.boxes, choices.flip, backbone.size),
        "photometric": photometric(plain.to(device), choices, settings.jitter_kind),
        "normalise": normalise(changes.to(device), settings.mean, settings.std),
    }
    references = {"geometry": plain, "photometric": changes, "normalise": ready}
    for operation, ours in there.items():
        gap = _differ(ours, references[operation])
        passed = gap["max_abs"] <= THRESHOLDS[f"{operation}_max_abs"]
        yield Finding(f"{operation}, {name}", dict(gap), passed)
    pairs = {}
    for where in (CPU, device):
        views = Views(settings, backbone.size, run.merge, group, SEED, alone(where))
        pairs[where] = torch.stack(views(batch.to(where), 0)).cpu()
    gap = _differ(pairs[device], pairs[CPU])
    yield Finding(f"views, {name}", dict(gap), gap["mean_abs"] <= THRESHOLDS["views_mean_abs"])


class Step(NamedTuple):
    """Loss and all gradients in one vector, on the CPU, in float64."""

    loss: float
    gradient: Tensor


def step_finding(context: Context, name: str) -> Finding:
    """MoCo's loss and gradients from the same views, against float64 on the CPU."""
    size, device = context.size, context.device
    scale = changed(
        with_frames(size.scale, size.step_frames),
        batch=size.step_batch,
        group=size.step_batch // 2,
    )
    run = moco(scale, name, None)
    batch = context.clips.some(size.step_batch, span_of(scale, run, 2), SEED)
    reference = taken(scale, name, batch, CPU, "float32", torch.float64)
    errors = {"cpu": _errors(taken(scale, name, batch, CPU, "float32"), reference)}
    there = taken(scale, name, batch, device, "float32", torch.float64)
    errors["device float64"] = _errors(there, reference)
    if context.on_gpu and ready(device):
        one = with_resources(scale, fused_norm=True)
        for kind, dtype in (("float64", torch.float64), ("float32", torch.float32)):
            ours = taken(one, name, batch, device, "float32", dtype)
            errors[f"device {kind} fused"] = _errors(ours, reference)
            both = with_resources(changed(one, precision=kind), cuda_graphs=True)
            ours = taken(both, name, batch, device, "float32", dtype)
            errors[f"device {kind} recorded"] = _errors(ours, reference)
        ours = taken(one, name, batch, device, "bfloat16")
        errors["device bfloat16 fused"] = _errors(ours, reference)
    kinds: tuple[Arithmetic, ...] = ("float32", "tf32", "bfloat16")
    for kind in kinds if context.on_gpu else kinds[:1]:
        errors[f"device {kind}"] = _errors(taken(scale, name, batch, device, kind), reference)
    ways = [how for how in ("", " fused", " recorded") if f"device float64{how}" in errors]
    passed = all(right(errors, how) for how in ways)
    return Finding(f"step, {name}", {"loss": reference.loss, "relative_errors": errors}, passed)


def right(errors: dict[str, dict[str, float]], how: str) -> bool:
    """Whether a way to compute a step on the device keeps to the thresholds."""
    return all(
        errors[f"device float64{how}"][part] <= THRESHOLDS["step_float64"]
        and errors[f"device float32{how}"][part]
        <= THRESHOLDS["step_float32_ratio"] * error + THRESHOLDS["step_float32_free"]
        for part, error in errors["cpu"].items()
    )


def taken(
    scale: Scale,
    name: str,
    batch: Batch,
    device: torch.device,
    kind: Arithmetic,
    dtype: torch.dtype = torch.float32,
) -> Step:
    """MoCo's loss and gradients on a device, from views made on the CPU."""
    run, world = moco(scale, name, None), alone(device)
    backbone, settings = scale.backbones[name], scale.pretrain
    make = Views(settings.views, backbone.size, None, settings.group, SEED, alone(CPU))
    views = [view.to(device, dtype) for view in make(batch, 0)]
    method = build_method(scale, run, world).to(dtype)
    assert isinstance(method, MoCo)
    # Views are compared elsewhere; here every device gets the same ones.
    method.views = lambda batch, step: views  # type: ignore[assignment]
    with rounding(kind):
        with autocast(kind, device):
            loss, _ = method.loss(batch, 0)
        loss.backward()
    gradients = [p.grad.flatten() for p in method.query.parameters() if p.grad is not None]
    return Step(loss.item(), torch.cat(gradients).cpu().double())


def _errors(ours: Step, reference: Step) -> dict[str, float]:
    gap = (ours.gradient - reference.gradient).norm() / reference.gradient.norm()
    return {
        "loss": abs(ours.loss - reference.loss) / abs(reference.loss),
        "gradient": gap.item(),
    }
