"""A few videos of a dataset, and one job of a kind done on them by the code that jobs run."""

import contextlib
import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from fame.config.datasets import Folder, Own, Synthetic
from fame.config.evaluation import Linear
from fame.config.scale import Backbone, Scale
from fame.config.worlds import WorldConfig
from fame.core.distributed import World
from fame.core.errors import FameError
from fame.data.clips.batch import collate
from fame.data.clips.dataset import TrainClips
from fame.data.clips.sampling import RandomClips
from fame.data.index import Check, examine, index
from fame.data.instances import matched
from fame.data.manifest import OK, Manifest
from fame.data.synthetic import write_world
from fame.data.video.decode import probe
from fame.data.video.transcode import Copying, CopyTask, copy
from fame.evaluate.bias.encode import Alteration, encode_conditions
from fame.evaluate.bias.foreground import Foreground, MotionForeground, TrueForeground
from fame.evaluate.features import activation_maps as activation
from fame.evaluate.features.clipspec import ClipSpec
from fame.evaluate.features.encode import Work, clip_outputs
from fame.evaluate.features.extract import extract
from fame.evaluate.features.store import Features
from fame.evaluate.masks import quality as mask_quality
from fame.evaluate.masks.variants import PAPER, variants
from fame.evaluate.tasks.bias import probe_bias
from fame.evaluate.tasks.finetune import finetuning
from fame.evaluate.tasks.knn import classify
from fame.evaluate.tasks.linear import probe as fit_probe
from fame.evaluate.tasks.retrieval import retrieve
from fame.models import build_encoder
from fame.models.encoder import Encoder
from fame.operate.plan.jobs import Task
from fame.pipeline.paths import Places
from fame.pipeline.runs import Run, data_id
from fame.pipeline.steps import RULES
from fame.pipeline.tasks import normalisations_of
from fame.pretext.common import Method
from fame.train.batches import Batches
from fame.train.engine import Plan, Trainable, train
from fame.train.pretrain import Pretraining, build_method, clips_of

SPLITS = ("train", "test")

TESTED = 4
"""Videos of each split in an evaluation that is tried."""


@dataclass(frozen=True)
class Sample:
    """Some training and test videos of a dataset.

    Attributes:
        manifest: all usable; both splits, unless the dataset lacks one.
        world: the folder of the mini world that they are of; None for real videos.
    """

    manifest: Manifest
    world: Path | None

    def part(self, split: str, count: int) -> Manifest:
        """The first `count` videos of a split.

        Raises:
            FameError: there is none.
        """
        selected = self.manifest.select(split)
        return replace(selected, table=selected.table.head(count))

    def spread(self, count: int) -> Manifest:
        """At most `count` videos of each split, from the first to the last."""
        return replace(self.manifest, table=_spread(self.manifest.table, (count, count)))


def sample(scale: Scale, dataset: str, root: Path, scratch: Path) -> Sample:
    """Videos of a dataset, evenly spread over it: as many as the largest trial wants.

    Of an indexed dataset its own; of a mini world that is not generated yet, others of its kind;
    of real videos that are not indexed yet, those on disk.

    Args:
        scale: which defines it.
        dataset: a key of its datasets.
        root: `results/<scale>`.
        scratch: an empty folder, for what must be generated.

    Raises:
        FameError: the videos are not there, or one of those chosen cannot be decoded.
    """
    sizes = (max(*_shares(scale), TESTED), TESTED)
    data = data_id(scale, dataset, scale.seeds[0])
    settings = scale.datasets[dataset]
    manifest, world = Places(root).manifest(data), Places(root).world(data)
    generated = isinstance(settings, Synthetic)
    if manifest.is_file() and (world.is_dir() or not generated):
        indexed = Manifest.read(manifest)
        chosen = replace(
            indexed, table=_spread(indexed.table[indexed.table["status"] == OK], sizes)
        )
        return Sample(chosen, world if generated else None)
    if isinstance(settings, Synthetic):
        return _small_world(settings.world, dataset, scratch / "world", sizes)
    return Sample(_on_disk(settings, dataset, sizes), None)


def _spread(table: pd.DataFrame, sizes: tuple[int, int]) -> pd.DataFrame:
    """Rows from the first to the last of each split."""
    parts = []
    for split, count in zip(SPLITS, sizes, strict=True):
        rows = table[table["split"] == split]
        places = np.unique(np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(int))
        parts.append(rows.iloc[places] if len(rows) else rows)
    return pd.concat(parts, ignore_index=True)


def _small_world(world: WorldConfig, dataset: str, place: Path, sizes: tuple[int, int]) -> Sample:
    """A world like another, but of a few videos."""
    train, test = (min(n, world.videos(s)) for n, s in zip(sizes, SPLITS, strict=True))
    small = world.model_copy(update={"train": train, "test": test, "val": 0, "unused": 0})
    write_world(small, 0, place)
    manifest = index(
        world.layout,
        root=place / "videos",
        annotations=place / "annotations",
        name=dataset,
        progress=False,
    )
    return Sample(manifest, place)


def _on_disk(settings: Folder | Own, dataset: str, sizes: tuple[int, int]) -> Manifest:
    """Real videos that are not indexed yet, of which the chosen ones are opened."""
    root, listed = matched(settings, dataset, None)
    chosen = replace(listed, table=_spread(listed.table, sizes), absent=(), unnamed=())
    check = Check(settings.verify.frames, settings.verify.seconds, progress=False)
    return examine(chosen, root, name=dataset, missing="skip", tolerance=0, check=check)


def _shares(scale: Scale) -> tuple[int, int]:
    """Training videos in one process's share of a step of pretraining, and of finetuning."""
    processes = max(1, scale.resources.nodes * scale.resources.gpus)
    return scale.pretrain.batch // processes, scale.evaluate.finetune.batch


def distinct(tasks: Iterable[Task]) -> list[Task]:
    """One task of each kind that can be tried, in the pipeline's order.

    What differs in its seed only is of one kind.
    """
    first_of_kind: dict[tuple[Any, ...], Task] = {}
    for task in tasks:
        trained = task.run is not None and task.run.pretrain is not None
        if hasattr(_Attempt, task.job.rule) and (trained or task.job.rule != "pretrain"):
            first_of_kind.setdefault((task.kind, _settings(task)), task)
    order = list(RULES)
    return sorted(first_of_kind.values(), key=lambda task: order.index(task.job.rule))


def _settings(task: Task) -> str:
    """What else distinguishes pretrainings: the files of plug-ins, and options that are numbers."""
    run = task.run
    if run is None or task.job.rule != "pretrain":
        return ""
    mask = run.merge.mask if run.merge else None
    return f"{run.method} {mask} {run.recipe['pretrain']['options']}"


def attempt(task: Task, videos: Sample, scale: Scale, world: World, scratch: Path) -> int | None:
    """Do one optimiser step with the full batch, or one evaluation of a few videos.

    Args:
        task: one of `distinct`.
        videos: of its dataset.
        scale: all settings.
        world: this process, and its device.
        scratch: an empty folder, for checkpoints and copies.

    Returns:
        Peak memory of the GPU in MiB; None without one.

    Raises:
        Exception: whatever the job raises.
    """
    on_gpu = world.device.type == "cuda"
    if on_gpu:
        torch.cuda.reset_peak_memory_stats(world.device)
    with contextlib.redirect_stderr(io.StringIO()):
        tried = _Attempt(task, videos, scale, world, scratch)
        getattr(tried, task.job.rule)()
    return torch.cuda.max_memory_allocated(world.device) // 2**20 if on_gpu else None


@dataclass(frozen=True)
class _Attempt:
    """The jobs that can be tried: a method for each rule, called as the rule is.

    What has no method (downloads, gathering, tables, figures, pages) is not tried.
    """

    task: Task
    sample: Sample
    scale: Scale
    peers: World
    scratch: Path

    @property
    def _run(self) -> Run:
        assert self.task.run is not None
        return self.task.run

    @property
    def _backbone(self) -> Backbone:
        return self.scale.backbones[self.task.backbone]

    @property
    def _shown(self) -> ClipSpec:
        return ClipSpec.of(self.scale, self._backbone, self.scale.pretrain.views)

    @property
    def _work(self) -> Work:
        return Work(self.peers.device, TESTED, 0, None, progress=False)

    def _encoder(self) -> Encoder:
        return build_encoder(self._backbone.encoder, self._run.seed).to(self.peers.device)

    # --- Data

    def world(self) -> None:
        """Generate a few videos."""
        settings = self.scale.datasets[self.task.dataset]
        assert isinstance(settings, Synthetic)
        sizes = (TESTED, TESTED)
        _small_world(settings.world, self.task.dataset, self.scratch / "world", sizes)

    def index(self) -> None:
        """Open a few videos."""
        for path in self._any().table["path"]:
            probe(self.sample.manifest.root / path)

    index_originals = index

    def prepare(self) -> None:
        """Make small copies of a few videos, one after another."""
        settings = self.scale.datasets[self.task.dataset]
        assert not isinstance(settings, Synthetic) and settings.prepare is not None
        asked = settings.prepare
        copying = Copying(asked.short_side, asked.crf, asked.keyframes)
        videos = self._any()
        for number, (path, start, frames) in enumerate(
            videos.table[["path", "start", "frames"]].itertuples(index=False)
        ):
            target = self.scratch / f"{number}.mp4"
            made = copy(CopyTask(videos.root / path, target, start + frames, False), copying)
            if isinstance(made, str):
                raise FameError(f"{videos.root / path}: {made}")

    def _any(self) -> Manifest:
        """A few videos of the splits that the dataset has."""
        return self.sample.spread(TESTED)

    def _tested(self) -> Manifest:
        return self.sample.part("test", TESTED)

    # --- Training

    def pretrain(self) -> None:
        """One step of pretraining, on one process's share of the batch."""
        batch = _shares(self.scale)[0]
        section = self.scale.pretrain.model_copy(update={"batch": batch})
        resources = self.scale.resources.model_copy(update={"cache_mib": 0})
        scale = self.scale.model_copy(update={"pretrain": section, "resources": resources})
        videos = self.sample.part("train", batch)
        method: Method = build_method(scale, self._run, self.peers, len(videos.classes))
        clips = clips_of(scale, self._run, videos, method)
        self._train(Pretraining(method), clips, section)

    def finetune(self) -> None:
        """One step of finetuning, and a test."""
        section, backbone = self.scale.evaluate.finetune, self._backbone
        videos = self.sample.part("train", section.batch)
        encoder, seed, classes = self._encoder(), self._run.seed, len(videos.classes)
        fused = self.scale.resources.fused_norm
        module = finetuning(section, backbone.size, encoder, classes, seed, self.peers, fused)
        draw = RandomClips(backbone.frames, backbone.stride, clips=1)
        clips = TrainClips(videos, draw, seed=seed, max_short_side=self.scale.max_short_side)
        self._train(module, clips, section)
        clip_outputs(encoder, self._tested(), self._shown, self._work)

    def _train(self, trainable: Trainable, clips: TrainClips, section: Any) -> None:
        """One step of the training loop itself, and its checkpoint."""
        keys = [divmod(number, len(clips)) for number in range(section.batch)]
        batch = collate([clips[key] for key in keys])
        plan = Plan(
            name=self.task.job.rule,
            recipe={},
            directory=self.scratch / "training",
            batches=Batches(1, lambda first: [batch] * (1 - first)),
            epochs=1,
            optimiser=section.optimiser,
            precision=section.precision,
            checkpoint_minutes=float("inf"),
            clips_per_step=len(batch.labels),
            on_epoch=lambda epoch: {},
        )
        train(trainable, plan, self.peers)

    # --- Evaluation

    def features(self) -> dict[str, Features]:
        """Encode a few videos of both splits."""
        videos, names = self._any(), normalisations_of(self.scale)
        return extract(self._encoder(), videos, self._shown, self._work, {}, names)

    def conditions(self) -> Features:
        """Encode a few test videos under every condition."""
        alteration = Alteration.of(self.scale, self.sample.world, self._run.seed)
        encoder, videos = self._encoder(), self._any()
        return encode_conditions(encoder, videos, self._shown, self._work, {}, alteration)

    @property
    def _short(self) -> Linear:
        """A linear probe of one epoch and one rate: few videos are too few to hold some out."""
        settings = self.scale.evaluate.linear
        return settings.model_copy(update={"epochs": 1, "lrs": settings.lrs[:1]})

    def linear(self) -> None:
        """Train a probe on a few videos for an epoch, and test it."""
        fit_probe(self.features()["pretraining"], self._short, self._run.seed, "cpu")

    def bias(self) -> None:
        """Train a probe on a few videos for an epoch, and test it on altered ones."""
        encoded = self.features()["pretraining"]
        probe_bias(encoded, self.conditions(), self._short, self._run.seed)

    def knn(self) -> None:
        """Classify a few test videos by the nearest training video."""
        settings = self.scale.evaluate.knn.model_copy(update={"neighbours": 1})
        classify(self.features()["pretraining"], settings)

    def retrieval(self) -> None:
        """Search the few training videos for the nearest ones."""
        settings = self.scale.evaluate.retrieval.model_copy(update={"ranks": (1,)})
        retrieve(self.features()["pretraining"], settings)

    def activation(self) -> None:
        """Compute activation maps of a few test videos."""
        videos, settings = self._tested(), self.scale.evaluate.activation
        shown = replace(self._shown, size=settings.size)
        choice = np.arange(min(settings.shown, len(videos)))
        activation.measure(self._encoder(), videos, shown, self._work, self._foreground, choice)

    def _foreground(self, videos: Manifest, shown: ClipSpec) -> Foreground:
        if self.sample.world is None:
            return MotionForeground(self.scale.pretrain.merge.beta)
        return TrueForeground(videos, self.sample.world, shown)

    def mask_quality(self) -> None:
        """Score every mask on a few test videos."""
        pretrain, settings = self.scale.pretrain, self.scale.evaluate.masks
        assert self.sample.world is not None
        first = next(iter(self.scale.backbones.values()))
        shown = replace(ClipSpec.of(self.scale, first, pretrain.views), clips=settings.clips)
        chosen = variants(PAPER, pretrain.merge.hue, pretrain.merge.pseudocount)
        mask_quality.measure(self._tested(), self.sample.world, shown, chosen, settings.betas)
