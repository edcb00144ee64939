"""Sizes of the check: the paper's and real clips' for a GPU, micro to try the check on a CPU."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch

from fame.config.reading import load_scale
from fame.config.scale import Backbone, Scale
from fame.config.tables import Recipe
from fame.core.distributed import World
from fame.models.backbones.i3d import published as published_i3d
from fame.pipeline.runs import Run, resolve

ROOT = Path(__file__).resolve().parents[2]
DATASET = "kinetics400"
SEED = 0

BACKBONES = ("r2plus1d", "i3d")
"""The two that FAME is trained on."""

SizeName = Literal["paper", "clips", "micro"]


@dataclass(frozen=True)
class Size:
    """The sizes of all parts.

    Attributes:
        scale: backbones and the pretraining recipe.
        parity_clips: clips whose masks and views are compared.
        step_batch: videos of the steps whose gradients are compared, in two groups.
        step_frames: frames of their clips.
        precision_batch: videos per step of the loss curves.
        precision_steps: steps of each loss curve.
        precision_gap: largest relative difference of the mean loss of a curve's last quarter from
            that of float32.
        throughput_batch: videos per step; halved until it fits.
        warm_up: steps before timing.
        timed: timed steps.
        loop_steps: timed steps of the training loop, after the warm-up.
        loop_workers: its loader processes, at most one less than there are cores.
        pretrain_batch: videos per step of the short pretraining.
        pretrain_steps: its number of steps.
        pretrain_precision: its precision.
        resume_steps: steps of the training that is killed.
        killed_at: the step (from 0) before which it is killed.
    """

    scale: Scale
    parity_clips: int
    step_batch: int
    step_frames: int
    precision_batch: int
    precision_steps: int
    precision_gap: float
    throughput_batch: int
    warm_up: int
    timed: int
    loop_steps: int
    loop_workers: int
    pretrain_batch: int
    pretrain_steps: int
    pretrain_precision: Literal["float32", "bfloat16"]
    resume_steps: int
    killed_at: int


def paper() -> Size:
    """R(2+1)D-18 at 112 pixels and I3D at 224, 16 frames, groups of 8."""
    return Size(
        scale=load_scale(str(ROOT / "config" / "scales" / "paper.yaml")),
        parity_clips=16,
        step_batch=4,
        step_frames=8,
        precision_batch=32,
        precision_steps=60,
        precision_gap=0.1,
        throughput_batch=64,
        warm_up=2,
        timed=4,
        loop_steps=16,
        loop_workers=14,
        pretrain_batch=32,
        pretrain_steps=200,
        pretrain_precision="bfloat16",
        resume_steps=4,
        killed_at=3,
    )


def micro() -> Size:
    """Networks with few channels on small frames: seconds on a CPU."""
    scale = load_scale(str(ROOT / "tests" / "workflow" / "micro.yaml"))
    small = scale.backbones["r2plus1d"]
    i3d = Backbone(
        title="I3D, 4 wide",
        encoder=published_i3d(4),
        frames=4,
        stride=1,
        size=24,
    )
    return Size(
        scale=scale.model_copy(update={"backbones": {"r2plus1d": small, "i3d": i3d}}),
        parity_clips=4,
        step_batch=4,
        step_frames=4,
        precision_batch=4,
        precision_steps=4,
        precision_gap=0.5,  # 4 channels and a queue of 8 keys amplify rounding
        throughput_batch=4,
        warm_up=0,
        timed=1,
        loop_steps=2,
        loop_workers=0,
        pretrain_batch=4,
        pretrain_steps=4,
        pretrain_precision="float32",
        resume_steps=4,
        killed_at=2,
    )


def clips() -> Size:
    """Both networks at the scale `clips`: 8 frames of 64 pixels, 128 pairs in one group."""
    scale = load_scale(str(ROOT / "config" / "scales" / "clips.yaml"))
    return replace(
        paper(),
        scale=scale,
        throughput_batch=scale.pretrain.batch,
        warm_up=4,
        timed=8,
        loop_steps=48,
    )


def of_backbones(size: Size, names: Sequence[str]) -> Size:
    """The size with some of its backbones."""
    backbones = {name: size.scale.backbones[name] for name in names}
    return replace(size, scale=size.scale.model_copy(update={"backbones": backbones}))


SIZES = {
    "paper": lambda: of_backbones(paper(), BACKBONES),
    "clips": lambda: of_backbones(clips(), BACKBONES),
    "micro": micro,
}


def changed(scale: Scale, **pretrain: Any) -> Scale:
    """The scale with some keys of `pretrain` replaced."""
    return scale.model_copy(update={"pretrain": scale.pretrain.model_copy(update=pretrain)})


def with_resources(scale: Scale, **resources: Any) -> Scale:
    """The scale with some keys of `resources` replaced."""
    return scale.model_copy(update={"resources": scale.resources.model_copy(update=resources)})


def with_frames(scale: Scale, frames: int) -> Scale:
    """The scale with clips of another length."""
    backbones = {
        name: backbone.model_copy(update={"frames": frames})
        for name, backbone in scale.backbones.items()
    }
    return scale.model_copy(update={"backbones": backbones})


def moco(scale: Scale, backbone: str, mask: str | None) -> Run:
    """A MoCo run on a backbone; with `mask="fame"` it is the paper's method."""
    merge = None if mask is None else {"mask": mask}
    recipe = Recipe(method="moco", backbone=backbone, pretrain=DATASET, merge=merge)
    return resolve(scale, recipe, {}, SEED)


def alone(device: torch.device) -> World:
    """This process without peers."""
    return World(0, 1, device)
