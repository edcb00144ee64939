"""Pairs of clips per second, and peak memory, of whole training steps on the device."""

import gc
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal
from unittest.mock import patch

import torch
from torch import Tensor

from benchmarks.checks.sections import Context, Finding
from benchmarks.checks.short import span_of
from benchmarks.checks.sizes import SEED, alone, changed, moco, with_resources
from benchmarks.checks.stepping import Arithmetic, Stepper, seconds
from fame.augment import masks
from fame.augment.crop import crop_resize_flip, frame_boxes
from fame.augment.views import Views
from fame.config.scale import Scale
from fame.models import encoder as encoders
from fame.train.pretrain import build_method

NO_GPU = "no GPU: nothing was timed"


@dataclass(frozen=True)
class Case:
    """One way to compute a step.

    Attributes:
        kind: the precision.
        layout: of clips and weights in memory; the project uses channels last.
        norm: BatchNorm over the recipe's groups, or plain BatchNorm over the whole batch.
        fused: whether the fused kernels compute BatchNorm, residual sums, ReLU and pools.
        recorded: whether the networks' calls are CUDA graphs.
    """

    kind: Arithmetic
    layout: Literal["channels-last", "contiguous"] = "channels-last"
    norm: Literal["groups", "plain"] = "groups"
    fused: bool = False
    recorded: bool = False


CASES = (
    Case("bfloat16"),
    Case("tf32"),
    Case("float32"),
    Case("bfloat16", norm="plain"),
    Case("bfloat16", layout="contiguous"),
    Case("tf32", layout="contiguous"),
    Case("float32", layout="contiguous"),
)


def throughput(context: Context) -> Iterator[Finding]:
    """Every case on every backbone, then the time of the views."""
    for case in CASES:
        for name in context.size.scale.backbones:
            title = f"{name}, {case.kind}, {case.layout}, {case.norm} BatchNorm"
            yield _measured(context, name, case, title)
    for name in context.size.scale.backbones:
        yield Finding(f"views, {name}", _views(context, name))


def _measured(context: Context, name: str, case: Case, title: str) -> Finding:
    try:
        return Finding(title, largest_batch(context, name, case))
    except Exception as error:  # a case that a library cannot compute must not hide the others
        return Finding(title, {"error": f"{type(error).__name__}: {error}"}, passed=False)


def largest_batch(context: Context, name: str, case: Case) -> dict[str, Any]:
    """Timings at the largest batch that fits, halved from the recipe's."""
    batch = context.size.throughput_batch
    while True:
        try:
            return timed(context, name, case, batch)
        except torch.OutOfMemoryError:
            if batch <= context.size.scale.pretrain.group:
                raise
        batch //= 2
        release(context)


def release(context: Context) -> None:
    """Give back the memory of what was measured before."""
    gc.collect()
    if context.on_gpu:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(context.device)


def recipe(scale: Scale, batch: int, case: Case) -> Scale:
    """The scale of a case."""
    group = batch if case.norm == "plain" else min(scale.pretrain.group, batch)
    resources = {"fused_norm": case.fused, "cuda_graphs": case.recorded}
    return with_resources(
        changed(scale, batch=batch, group=group, precision=case.kind), **resources
    )


def _contiguous(x: Tensor) -> Tensor:
    return x.contiguous()


def timed(context: Context, name: str, case: Case, batch: int) -> dict[str, Any]:
    """Seconds, clips per second and memory of training steps at one batch size."""
    scale, device = recipe(context.size.scale, batch, case), context.device
    run = moco(scale, name, "fame")
    release(context)
    method = build_method(scale, run, alone(device))
    if case.layout == "contiguous":
        method.to(memory_format=torch.contiguous_format)
    layout = _contiguous if case.layout == "contiguous" else encoders.fast_layout
    clips = context.clips.some(batch, span_of(scale, run, method.clips), SEED).to(device)
    step = Stepper(method, clips, scale.pretrain.optimiser, case.kind, device)
    with patch.object(encoders, "fast_layout", layout):
        seconds(step, context.size.warm_up, device)
        times = seconds(step, context.size.timed, device)
    return {"batch": batch, "group": scale.pretrain.group, **_summary(context, times, batch)}


def _summary(context: Context, times: list[float], batch: int) -> dict[str, Any]:
    if not context.on_gpu:
        return {"pairs_per_second": None, "peak_memory_mib": None, "note": NO_GPU}
    return {
        "pairs_per_second": round(batch / median(times), 1),
        "step_seconds": [round(time, 4) for time in times],
        "peak_memory_mib": torch.cuda.max_memory_allocated(context.device) // 2**20,
        "reserved_memory_mib": torch.cuda.max_memory_reserved(context.device) // 2**20,
    }


def _views(context: Context, name: str) -> dict[str, Any]:
    """Milliseconds of a batch's views with and without FAME, and of the masks only."""
    scale, device = context.size.scale, context.device
    settings, backbone = scale.pretrain, scale.backbones[name]
    batch = min(context.size.throughput_batch, 8 * settings.group)
    run = moco(scale, name, "fame")
    raw = context.clips.some(batch, span_of(scale, run, 2), SEED)
    clips = raw.to(device)

    def views(mixing: Any) -> Callable[[], object]:
        make = Views(settings.views, backbone.size, mixing, settings.group, SEED, alone(device))
        return lambda: make(clips, 0)

    still = torch.zeros(batch, dtype=torch.bool)
    cut = crop_resize_flip(clips.clips[:, 0], frame_boxes(raw.sizes), still, backbone.size)
    mask = masks.get("fame")
    actions: dict[str, Callable[[], object]] = {
        "fame_views_ms": views(run.merge),
        "plain_views_ms": views(None),
        "mask_ms": lambda: mask(cut, settings.merge.beta),
    }
    syncs = {"mask_waits": _waits(context, actions["mask_ms"])}
    syncs["fame_views_waits"] = _waits(context, actions["fame_views_ms"])
    return {"batch": batch, **{key: _ms(context, act) for key, act in actions.items()}, **syncs}


def _ms(context: Context, action: Callable[[], object]) -> float | None:
    seconds(action, context.size.warm_up, context.device)
    times = seconds(action, context.size.timed, context.device)
    return round(1000 * median(times), 3) if context.on_gpu else None


def _waits(context: Context, action: Callable[[], object]) -> int | None:
    """How often the host waits for the device during an action."""
    if not context.on_gpu:
        return None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            action()
        finally:
            torch.cuda.set_sync_debug_mode("default")
    return sum("synchroniz" in str(warning.message) for warning in caught)
