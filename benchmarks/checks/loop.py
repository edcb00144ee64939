"""The whole training loop's speed beside that of its bare step, before and after the fused kernels.

The bare step computes on one batch that is on the device. The loop reads decoded videos from memory
with the project's loader, moves them, checks the loss, logs. Decoding is not measured.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.checks.sections import Context, Finding
from benchmarks.checks.short import NEVER, Course, short_training
from benchmarks.checks.sizes import moco
from benchmarks.checks.throughput import NO_GPU, Case, largest_batch, recipe, release
from fame.models.fused_norm import ready

FORMS = {
    "eager": Case("bfloat16"),
    "fused and recorded": Case("bfloat16", fused=True, recorded=True),
}
EPOCH = 8
"""Steps of an epoch, at least: the loop logs, and so waits, at its end."""


def loop(context: Context) -> Iterator[Finding]:
    """Every backbone, eager and fused, in bfloat16."""
    for name in context.size.scale.backbones:
        for form, case in FORMS.items():
            yield Finding(f"{name}, {form}", _compared(context, name, case))


def _compared(context: Context, name: str, case: Case) -> dict[str, Any]:
    """Pairs per second of the bare step and of the loop, at the same batch."""
    bare = largest_batch(context, name, case)
    steps = _steps(context, name, case, bare["batch"])
    kind = "triton" if case.fused and ready(context.device) else "pytorch"
    facts = {"batchnorm": kind, "workers": _workers(context), "loop_steps": len(steps) - 1}
    data = {"bare": bare, **facts}
    if not context.on_gpu:
        return {**data, "pairs_per_second": None, "share_of_bare": None, "note": NO_GPU}
    rate = (len(steps) - 1) * bare["batch"] / (steps[-1] - steps[0])
    share = rate / bare["pairs_per_second"]
    return {**data, "pairs_per_second": round(rate, 1), "share_of_bare": round(share, 3)}


def _workers(context: Context) -> int:
    return min(context.size.loop_workers, (os.cpu_count() or 1) - 1)


def _steps(context: Context, name: str, case: Case, batch: int) -> list[float]:
    """When each step after the warm-up began, in seconds.

    A step begins once the loss of the one before is known, so that differences are the device's.
    """
    size, began = context.size, list[float]()

    def note(step: int) -> bool:
        if step >= size.warm_up:
            began.append(time.perf_counter())
        return True

    release(context)
    scale = recipe(size.scale, batch, case)
    # One step more than is timed, for its beginning.
    steps = size.warm_up + size.loop_steps + 1
    run = moco(scale, name, "fame")
    course = Course(scale, run, steps, case.kind, NEVER, note, _workers(context))
    clips = context.clips.at_least(EPOCH * batch)
    with tempfile.TemporaryDirectory() as place:
        short_training(course, clips, Path(place), context.device)
    return began
