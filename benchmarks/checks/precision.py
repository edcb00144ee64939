"""Loss curves of one training in float32, TF32 and bfloat16, with the same random draws."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.checks.sections import Context, Finding
from benchmarks.checks.short import NEVER, Course, short_training
from benchmarks.checks.sizes import changed, moco
from benchmarks.checks.stepping import Arithmetic

KINDS: tuple[Arithmetic, ...] = ("float32", "tf32", "bfloat16")


def precision(context: Context) -> Iterator[Finding]:
    """FAME on R(2+1)D by the training loop, once in each precision."""
    allowed = context.size.precision_gap
    yield Finding("thresholds", {"last_quarter_relative": allowed})
    curves: dict[str, list[float]] = {}
    for kind in KINDS:
        curves[kind] = _curve(context, kind)
        gap = _gap(curves[kind], curves["float32"])
        passed = gap is not None and gap <= allowed
        data = {"loss": curves[kind], "steps": len(curves[kind]), "last_quarter_relative": gap}
        # A curve cut short by the time limit proves nothing.
        yield Finding(kind, data, passed if gap is not None else None)


def _curve(context: Context, kind: Arithmetic) -> list[float]:
    size = context.size
    scale = changed(size.scale, batch=size.precision_batch)
    # Curves share the remaining time, so that none is skipped.
    share = context.left() / (len(KINDS) - KINDS.index(kind))
    end = context.left() - share
    course = Course(
        scale,
        moco(scale, "r2plus1d", "fame"),
        size.precision_steps,
        kind,
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
