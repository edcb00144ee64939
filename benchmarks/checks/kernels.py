"""Where the time of a step goes on a GPU: its kernels, its views, and how fast the host gives work.

The step is the loop's, in bfloat16, with the fused kernels and CUDA graphs.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.checks.sections import Context, Finding, SkippedError
from benchmarks.checks.short import span_of
from benchmarks.checks.sizes import SEED, alone, moco
from benchmarks.checks.stepping import Stepper, seconds
from benchmarks.checks.throughput import Case, recipe, release
from fame.augment.views import Views
from fame.train.pretrain import build_method

STEP = Case("bfloat16", fused=True, recorded=True)
LISTED = 40
PROFILED = 2
"""Steps under the profiler."""


def kernels(context: Context) -> Iterator[Finding]:
    """Of every backbone: a step's kernels and its views', longest first."""
    if not context.on_gpu:
        raise SkippedError("kernels can be listed on a GPU only")
    for name in context.size.scale.backbones:
        release(context)
        step, views = _actions(context, name)
        seconds(step, context.size.warm_up, context.device)
        times = seconds(step, PROFILED, context.device)
        yield Finding(
            f"step, {name}",
            {"ms": 1000 * min(times), "host_ms": _host(step, context), **_profiled(step, context)},
        )
        yield Finding(
            f"views, {name}", {"host_ms": _host(views, context), **_profiled(views, context)}
        )
        del step, views


def _actions(context: Context, name: str) -> tuple[Stepper, Callable[[], object]]:
    """A step, and the views of its batch."""
    batch, device = context.size.throughput_batch, context.device
    scale = recipe(context.size.scale, batch, STEP)
    run = moco(scale, name, "fame")
    method = build_method(scale, run, alone(device))
    clips = context.clips.some(batch, span_of(scale, run, method.clips), SEED).to(device)
    settings, size = scale.pretrain, scale.backbones[name].size
    views = Views(settings.views, size, run.merge, settings.group, SEED, alone(device))
    step = Stepper(method, clips, settings.optimiser, STEP.kind, device)
    return step, lambda: views(clips, 0)


def _unchecked(action: Callable[[], object]) -> Callable[[], object]:
    """A step without the look at its loss, which would wait for it."""
    if not isinstance(action, Stepper):
        return action

    def step() -> None:
        action.backward(action.forward())
        action.update()

    return step


def _host(action: Callable[[], object], context: Context) -> float:
    """Milliseconds until the host has given all the work of an action, at best of three."""
    given = []
    for _ in range(3):
        torch.cuda.synchronize(context.device)
        started = time.perf_counter()
        _unchecked(action)()
        given.append(1000 * (time.perf_counter() - started))
        torch.cuda.synchronize(context.device)
    return round(min(given), 1)


def _profiled(action: Callable[[], object], context: Context) -> dict[str, Any]:
    """Milliseconds of each kernel in one action, and how often it ran."""
    with profile(activities=[ProfilerActivity.CUDA]) as taken:
        seconds(action, PROFILED, context.device)
    found: dict[str, list[float]] = {}
    for event in taken.events() or ():
        if event.device_type == torch.autograd.DeviceType.CUDA:
            spent = found.setdefault(event.name[:110], [0.0, 0])
            spent[0] += event.time_range.elapsed_us() / 1000 / PROFILED
            spent[1] += 1 / PROFILED
    longest = sorted(found.items(), key=lambda item: -item[1][0])
    return {
        "kernel_ms": round(sum(spent[0] for spent in found.values()), 1),
        "kernels": round(sum(spent[1] for spent in found.values())),
        "longest": {name: [round(ms, 2), round(times)] for name, (ms, times) in longest[:LISTED]},
    }
