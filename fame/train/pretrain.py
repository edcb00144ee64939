"""One pretraining run: from a manifest and a recipe to an encoder and its card."""

import copy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from fame.augment.views import Views
from fame.config.methods import Methods
from fame.config.pretraining import Pretrain
from fame.config.reading import parse
from fame.config.scale import Backbone, Scale
from fame.core import registry
from fame.core.cards import CARD, ENCODER
from fame.core.distributed import World, groups_of
from fame.core.errors import FameError
from fame.core.files import read_json, sha256, write_json
from fame.data.clips.dataset import TrainClips
from fame.data.clips.sounds import refuse_silent
from fame.data.manifest import Manifest
from fame.models import build_encoder
from fame.models.encoder import Encoder
from fame.models.files import save_encoder
from fame.models.group_batchnorm import configure, convert, kernels
from fame.models.multiplications import multiplications
from fame.pipeline.runs import Run
from fame.pretext.common import Method, Setup
from fame.train.batches import batches
from fame.train.engine import Plan, train
from fame.train.precision import parameter_dtype, rounding
from fame.train.provenance import card
from fame.train.training_log import PROGRESS, last_values

Monitor = Callable[[Encoder], float]


class Pretraining:
    """Adapts a method to the training loop's `Trainable`."""

    def __init__(self, method: Method) -> None:
        self.module = method
        self.loss = method.loss


def build_method(scale: Scale, run: Run, world: World, classes: int = 0) -> Method:
    """The method of a run, freshly initialised, on this process's device, in its precision.

    `classes` is the number of classes of the pretraining videos, for methods that use labels.
    """
    backbone, settings = scale.backbones[run.backbone], scale.pretrain
    groups = groups_of(world, settings.batch, settings.group)
    encoder = convert(build_encoder(backbone.encoder, run.seed), settings.group).to(world.device)
    dtype = parameter_dtype(settings.precision)
    views = Views(settings.views, backbone.size, run.merge, settings.group, run.seed, world, dtype)
    make: Callable[[Setup], Method] = registry.load("fame.pretext", run.method, "METHOD")
    training = run.recipe.get("pretrain", {})
    # The method gets exactly the settings that are in the run's name.
    sections = parse(Methods, training.get("methods", {}), f"the recipe of {run.id}").given()
    options, group = training.get("options", {}), settings.group
    method = make(Setup(run, sections, options, encoder, views, world, group, classes))
    configure(method, update_running=groups.start == 0, fused=scale.resources.fused_norm)
    method.to(dtype)
    # A process group's own thread would disturb the recording.
    if scale.resources.cuda_graphs and world.device.type == "cuda" and world.size == 1:
        _record(method, backbone, groups, settings, dtype)
    return method


def _record(
    method: Method, backbone: Backbone, groups: range, settings: Pretrain, dtype: torch.dtype
) -> None:
    """Record the method's networks, before loader processes start: their memory would disturb."""
    shape = (len(groups) * settings.group, 3, backbone.frames, backbone.size, backbone.size)
    clips = torch.zeros(shape, dtype=dtype, device=next(method.parameters()).device)
    method.train()
    with rounding(settings.precision):
        method.record(clips, settings.precision == "bfloat16")


def clips_of(scale: Scale, run: Run, manifest: Manifest, method: Method) -> TrainClips:
    """The run's training clips, sampled as its method asks."""
    backbone = scale.backbones[run.backbone]
    return TrainClips(
        manifest,
        method.sampling(backbone.frames, backbone.stride),
        seed=run.seed,
        max_short_side=scale.max_short_side,
        cache_mib=scale.resources.cache_mib,
        label=method.labeller(),
        hearing=method.hearing(),
    )


def pretrain(
    scale: Scale,
    run: Run,
    manifest: Manifest | None,
    directory: Path,
    world: World,
    monitor: Monitor | None,
) -> None:
    """Train a run to the end (from its last checkpoint, if any) and export its encoder.

    Leaves `encoder.safetensors`, `card.json`, `metrics.jsonl` and `tensorboard/` in
    `directory`; the checkpoints are removed once those are written.

    Args:
        scale: all settings.
        run: the run.
        manifest: the videos to train on; None for an untrained encoder.
        directory: the run's folder.
        world: this process among its peers.
        monitor: measures an encoder's kNN accuracy in percent; None without labels.

    Raises:
        FameError: the directory has another run's encoder; the manifest is missing or of another
            dataset; or as raised by the loop and the method.
    """
    _check_place(run, directory)
    _check_videos(run, manifest)
    method = build_method(scale, run, world, len(manifest.classes) if manifest else 0)
    seconds, videos = 0.0, None
    if run.pretrain is not None:
        assert manifest is not None
        videos = manifest.select("train")
        plan = _plan(scale, run, videos, method, directory, world, monitor)
        seconds = train(Pretraining(method), plan, world)
    if world.is_first:
        _export(scale, run, method, directory, world, seconds, videos)


def _check_place(run: Run, directory: Path) -> None:
    """Refuse a folder with another run's encoder, which would be overwritten."""
    card = directory / CARD
    if card.is_file() and (other := read_json(card).get("run")) != run.id:
        raise FameError(
            f"{directory} holds the encoder of {other}; give another folder for {run.id}"
        )


def _check_videos(run: Run, manifest: Manifest | None) -> None:
    """Refuse the videos of a dataset that is not the run's."""
    if run.pretrain is None and manifest is not None:
        raise FameError(f"{run.id} is not pretrained; leave out the manifest")
    if run.pretrain is not None and manifest is None:
        raise FameError(f"{run.id} is pretrained on {run.pretrain}: give its manifest")
    if manifest is not None and manifest.dataset != run.pretrain:
        raise FameError(
            f"{run.id} is pretrained on {run.pretrain}, and the manifest is of "
            f"{manifest.dataset}; give the other"
        )


def _plan(
    scale: Scale,
    run: Run,
    videos: Manifest,
    method: Method,
    directory: Path,
    world: World,
    monitor: Monitor | None,
) -> Plan:
    assert run.pretrain is not None
    if hearing := method.hearing():
        refuse_silent(videos, hearing, run.method)
    settings, epochs = scale.pretrain, scale.pretrain.epochs[run.pretrain]
    source = batches(
        clips_of(scale, run, videos, method),
        settings.batch,
        epochs,
        run.seed,
        world,
        scale.resources.workers,
    )

    def on_epoch(epoch: int) -> dict[str, float]:
        if monitor is None or epoch % settings.monitor.every_epochs:
            return {}
        return {"knn": monitor(copy.deepcopy(method.encoder).float())}

    return Plan(
        name=run.id,
        recipe={"run": run.recipe, "data": videos.fingerprint()},
        directory=directory,
        batches=source,
        epochs=epochs,
        optimiser=settings.optimiser_of(run.method),
        precision=settings.precision,
        checkpoint_minutes=scale.resources.checkpoint_minutes,
        clips_per_step=settings.batch * method.clips,
        on_epoch=on_epoch,
    )


def _export(
    scale: Scale,
    run: Run,
    method: Method,
    directory: Path,
    world: World,
    seconds: float,
    videos: Manifest | None,
) -> None:
    """Write the encoder, in float32, and its card, then remove the checkpoints."""
    path = directory / ENCODER
    save_encoder(path, method.encoder.float(), {"run": run.id})
    facts: dict[str, Any] = {
        "run": run.id,
        "scale": scale.name,
        "recipe": run.recipe,
        "seed": run.seed,
        "data": run.data_id(scale),
        "data_fingerprint": videos.fingerprint() if videos else None,
        "encoder_sha256": sha256(path),
        "seconds": round(seconds, 1),
        "multiplications": multiplications(scale.backbones[run.backbone]),
        "batchnorm": kernels(method, world.device),
        "cuda_graphs": method.recorded,
        "metrics": last_values(directory, ("loss", "contrast", "accuracy", "knn")),
        **(_declared(scale, run, method, videos) if videos else {}),
        **method.facts(),
    }
    write_json(directory / CARD, card(world, **facts))
    shutil.rmtree(directory / "checkpoints", ignore_errors=True)
    (directory / PROGRESS).unlink(missing_ok=True)


def _declared(scale: Scale, run: Run, method: Method, videos: Manifest) -> dict[str, Any]:
    """The rate it had, the chance level and cost it declares, the share of too short videos."""
    backbone = scale.backbones[run.backbone]
    short = videos.table["frames"] < method.span(backbone.frames, backbone.stride)
    return {
        "learning_rate": scale.pretrain.optimiser_of(run.method).lr,
        "chance": method.chance(scale.pretrain.batch),
        "clips_per_video": method.cost()._asdict(),
        "looped_videos": round(float(short.mean()), 4),
    }
