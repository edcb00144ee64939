"""Loss curves of one training in several precisions, with the same random draws.

In bfloat16 twice: by PyTorch's operations, and with the fused kernels and CUDA graphs.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.checks.sections import Context, Finding
from benchmarks.checks.short import NEVER, Course, short_training
from benchmarks.checks.sizes import moco
from benchmarks.checks.throughput import Case, recipe

CASES = {
    "float32": Case("float32"),
    "tf32": Case("tf32"),
    "bfloat16": Case("bfloat16"),
    "bfloat16, fused and recorded": Case("bfloat16", fused=True, recorded=True),
}


def precision(context: Context) -> Iterator[Finding]:
    """FAME on R(2+1)D by the training loop, once in each precision."""
    allowed = context.size.precision_gap
    yield Finding("thresholds", {"last_quarter_relative": allowed})
    curves: dict[str, list[float]] = {}
    for name in CASES:
        curves[name] = _curve(context, name)
        gap = _gap(curves[name], curves["float32"])
        passed = gap is not None and gap <= allowed
        data = {"loss": curves[name], "steps": len(curves[name]), "last_quarter_relative": gap}
        # A curve cut short by the time limit proves nothing.
        yield Finding(name, data, passed if gap is not None else None)


def _curve(context: Context, name: str) -> list[float]:
    size, case = context.size, CASES[name]
    scale = recipe(size.scale, size.precision_batch, case)
    # Curves share the remaining time, so that none is skipped.
    share = context.left() / (len(CASES) - list(CASES).index(name))
    end = context.left() - share
    course = Course(
        scale,
        moco(scale, "r2plus1d", "fame"),
        size.precision_steps,
        case.kind,
        NEVER,
        lambda step: context.left() > end,
    )
    with tempfile.TemporaryDirectory() as place:
        _, recorded = short_training(course, context.clips, Path(place), context.device)
    return recorded.losses


def _gap(curve: list[float], reference: list[float]) -> float | None:
    """Relative difference of the means of the last quarters, over the steps that both have."""
    common = min(len(curve), len(reference))
    if common == 0:
        return None
    first = common - max(common // 4, 1)
    ours, theirs = sum(curve[first:common]), sum(reference[first:common])
    return abs(ours - theirs) / abs(theirs)
