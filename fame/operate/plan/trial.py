"""One piece of work done for real, at the scale's true sizes, by the code that jobs run."""

import contextlib
import io
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from fame.config.datasets import Synthetic
from fame.config.normalisation import needed
from fame.config.scale import Backbone, Optimiser, Scale
from fame.core.distributed import World
from fame.core.errors import FameError
from fame.data.clips.batch import Batch, collate
from fame.data.clips.dataset import TrainClips, UniformClips
from fame.data.clips.sampling import RandomClips
from fame.data.manifest import Manifest
from fame.data.synthetic import write_world
from fame.data.video.decode import probe
from fame.data.video.transcode import Copying, copy
from fame.data.video.transcode import Task as CopyTask
from fame.evaluate.bias.foreground import Foreground, MotionForeground, TrueForeground
from fame.evaluate.features import activation_maps as activation
from fame.evaluate.features.clipspec import ClipSpec
from fame.evaluate.features.encode import Work, clip_outputs
from fame.evaluate.features.extract import BIAS, Alteration, extract
from fame.evaluate.features.store import Features
from fame.evaluate.masks import quality as mask_quality
from fame.evaluate.masks.variants import PAPER, variants
from fame.evaluate.tasks.bias import probe_bias
from fame.evaluate.tasks.finetune import finetuning
from fame.evaluate.tasks.linear import probe as fit_probe
from fame.evaluate.tasks.retrieval import retrieve
from fame.models import build_encoder
from fame.models.encoder import Encoder
from fame.operate.plan.sample import Sample
from fame.operate.plan.work import Piece
from fame.pipeline.experiments import Run
from fame.pretext.common import Method
from fame.train.batches import Batches
from fame.train.engine import Plan, Trainable, train
from fame.train.pretrain import Pretraining, build_method, clips_of

ENOUGH = 64
"""Training videos of a probe: some of each class can be held out, whatever few there are."""


@dataclass(frozen=True)
class Cost:
    """What a piece took, for one video; see `fame.operate.plan.pace.Entry`."""

    read: float
    compute: float
    clips: int
    device_mib: int | None = None
    checkpoint: int | None = None
    encoder: int | None = None


@dataclass(frozen=True)
class Terms:
    """How pieces are done.

    Attributes:
        scale: all settings.
        world: this process, and its device.
        scratch: an empty folder, for checkpoints.
        steps: of a training; the first of several is not timed.
        tested: videos that are encoded together.
        whole: whether a training step has the batch of one process, or one group of it.
    """

    scale: Scale
    world: World
    scratch: Path
    steps: int
    tested: int
    whole: bool


def attempt(piece: Piece, sample: Sample, terms: Terms, gallery: int) -> Cost:
    """Do a piece of work.

    Args:
        piece: which.
        sample: videos of its dataset.
        terms: how.
        gallery: training videos that retrieval searches.

    Raises:
        Exception: whatever the work raises.
    """
    if terms.world.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(terms.world.device)
    with contextlib.redirect_stderr(io.StringIO()):
        cost = _Attempt(piece, sample, terms, gallery).run()
    if terms.world.device.type == "cuda":
        peak = torch.cuda.max_memory_allocated(terms.world.device) // 2**20
        cost = replace(cost, device_mib=peak)
    return cost


def most_videos(scale: Scale, on_gpu: bool, whole: bool) -> int:
    """Training videos that the largest step wants."""
    return max(training_size(scale, verb, on_gpu, whole) for verb in ("pretrain", "finetune"))


def training_size(scale: Scale, verb: str, on_gpu: bool, whole: bool) -> int:
    """Videos of one process's share of a step; on a processor, one group may stand for it."""
    settings = scale.pretrain if verb == "pretrain" else scale.evaluate.finetune
    if not on_gpu and not whole:
        return settings.group
    devices = scale.resources.nodes * scale.resources.gpus if verb == "pretrain" else 1
    return settings.batch // max(1, devices)


@dataclass(frozen=True)
class _Attempt:
    piece: Piece
    sample: Sample
    terms: Terms
    gallery: int

    def run(self) -> Cost:
        action: Callable[[], Cost] = getattr(self, f"_{self.piece.verb}")
        return action()

    @property
    def _scale(self) -> Scale:
        return self.terms.scale

    @property
    def _run(self) -> Run:
        assert self.piece.run is not None
        return self.piece.run

    @property
    def _backbone(self) -> Backbone:
        return self._scale.backbones[self.piece.backbone]

    @property
    def _shown(self) -> ClipSpec:
        return ClipSpec.of(self._scale, self._backbone, self._scale.pretrain.views)

    @property
    def _work(self) -> Work:
        return Work(self.terms.world.device, self.terms.tested, 0, None, progress=False)

    def _encoder(self) -> Encoder:
        return build_encoder(self._backbone.encoder, self._run.seed).to(self.terms.world.device)

    # --- Training

    def _share(self, settings: Any) -> Any:
        """A section of the scale whose batch is what one process has of it."""
        on_gpu = self.terms.world.device.type == "cuda"
        size = training_size(self._scale, self.piece.verb, on_gpu, self.terms.whole)
        return settings.model_copy(update={"batch": size})

    def _pretrain(self) -> Cost:
        section = self._share(self._scale.pretrain)
        resources = self._scale.resources.model_copy(update={"cache_mib": 0})
        scale = self._scale.model_copy(update={"pretrain": section, "resources": resources})
        videos = self.sample.part("train", section.batch)
        method: Method = build_method(scale, self._run, self.terms.world, len(videos.classes))
        clips = clips_of(scale, self._run, videos, method)
        return self._trained(Pretraining(method), method.encoder, clips, section, method.clips)

    def _finetune(self) -> Cost:
        section, backbone = self._share(self._scale.evaluate.finetune), self._backbone
        videos = self.sample.part("train", section.batch)
        encoder, seed = self._encoder(), self._run.seed
        module = finetuning(
            section, backbone.size, encoder, len(videos.classes), seed, self.terms.world
        )
        draw = RandomClips(backbone.frames, backbone.stride, clips=1)
        clips = TrainClips(videos, draw, seed=seed, max_short_side=self._scale.max_short_side)
        return self._trained(module, encoder, clips, section, 1)

    def _trained(
        self, trainable: Trainable, encoder: Encoder, clips: TrainClips, section: Any, count: int
    ) -> Cost:
        """Steps of the training loop itself, on one batch that was read before."""
        started = time.perf_counter()
        keys = [divmod(number, len(clips)) for number in range(section.batch)]
        batch = collate([clips[key] for key in keys])
        read = (time.perf_counter() - started) / section.batch
        clocked = _Clocked(trainable)
        plan = self._plan(batch, section.optimiser, section.precision)
        seconds = train(clocked, plan, self.terms.world)
        files = plan.directory.glob("checkpoints/*.pt")
        return Cost(
            read=read,
            compute=(clocked.step or seconds) / section.batch,
            clips=count,
            checkpoint=max(path.stat().st_size for path in files),
            encoder=sum(tensor.numel() * 4 for tensor in encoder.state_dict().values()),
        )

    def _plan(self, batch: Batch, optimiser: Optimiser, precision: str) -> Plan:
        steps = self.terms.steps
        return Plan(
            name=self.piece.name,
            recipe={},
            directory=self.terms.scratch / "training",
            batches=Batches(steps, lambda first: [batch] * (steps - first)),
            epochs=1,
            optimiser=optimiser,
            precision=precision,
            checkpoint_minutes=float("inf"),
            clips_per_step=len(batch.labels),
            on_epoch=lambda epoch: {},
        )

    # --- Evaluation

    def _reading(self, videos: Manifest, clips: int) -> float:
        """Seconds to read a video's uniform clips."""
        shown = self._shown
        found = UniformClips(
            videos, shown.frames, shown.stride, clips, max_short_side=shown.max_short_side
        )
        started = time.perf_counter()
        for row in range(len(videos)):
            found[row]
        return (time.perf_counter() - started) / len(videos)

    def _timed(self, videos: Manifest, clips: int, action: Callable[[], object]) -> Cost:
        """The cost of something that reads each video's uniform clips and computes with them."""
        read = self._reading(videos, clips)
        started = time.perf_counter()
        action()
        whole = (time.perf_counter() - started) / len(videos)
        return Cost(read, max(whole - read, 0.0), clips)

    def _tested(self) -> Manifest:
        return self.sample.part("test", self.terms.tested)

    def _features(self) -> Cost:
        videos, shown, encoder = self._tested(), self._shown, self._encoder()
        encode = partial(clip_outputs, encoder, videos, shown, self._work)
        return self._timed(videos, shown.clips, encode)

    def _altered(self) -> Cost:
        """Extraction of test videos with the bias probes' showings; then the probes, untimed."""
        videos, shown = self._tested(), self._shown
        cost = self._timed(videos, shown.clips, lambda: self._extracted(videos))
        train = self.sample.part("train", self.terms.tested)
        both = replace(train, table=_joined(train, videos))
        found = self._extracted(both)
        features = repeated(found["pretraining"], {"train": ENOUGH})
        settings = self._scale.evaluate.linear.model_copy(update={"epochs": 1})
        probe_bias(features, found[BIAS], settings, self._run.seed)
        return cost

    def _extracted(self, videos: Manifest) -> dict[str, Features]:
        bias = self._scale.evaluate.bias
        assert bias is not None
        alteration = Alteration(bias.clips, bias.beta, self.sample.world, self._run.seed)
        colours = needed(self._scale)
        shown, work = self._shown, self._work
        return extract(self._encoder(), videos, shown, work, {}, colours, alteration)

    def _enough_features(self, train: int, test: int) -> Features:
        """Features of the sample, its videos repeated so that there are enough of them."""
        parts = [self.sample.part(split, 4) for split in ("train", "test")]
        both = replace(parts[0], table=_joined(*parts))
        found = extract(self._encoder(), both, self._shown, self._work, {})["pretraining"]
        return repeated(found, {"train": train, "test": test})

    def _probe(self) -> Cost:
        count = min(self.gallery, 2048)
        features = self._enough_features(max(count, ENOUGH), 8)
        settings = self._scale.evaluate.linear
        seed, device = self._run.seed, "cpu"
        started = time.perf_counter()
        fit_probe(features, settings.model_copy(update={"epochs": 1}), seed, device)
        seconds = time.perf_counter() - started
        candidates = len(settings.lrs) if len(settings.lrs) > 1 else 0
        fits = 1 + candidates * (1 - settings.holdout)
        return Cost(0, seconds / (len(features.rows("train")) * fits), 0)

    def _retrieval(self) -> Cost:
        settings = self._scale.evaluate.retrieval
        features = self._enough_features(max(self.gallery, *settings.ranks), 64)
        started = time.perf_counter()
        retrieve(features, settings)
        return Cost(0, (time.perf_counter() - started) / 64, 0)

    def _activation(self) -> Cost:
        videos = self._tested()
        settings = self._scale.evaluate.activation
        shown = replace(self._shown, size=settings.size)
        choice = np.arange(min(settings.shown, len(videos)))
        act = partial(
            activation.measure, self._encoder(), videos, shown, self._work, self._foreground, choice
        )
        return self._timed(videos, 1, act)

    def _foreground(self, videos: Manifest, shown: ClipSpec) -> Foreground:
        if self.sample.world is None:
            return MotionForeground(self._scale.pretrain.merge.beta)
        return TrueForeground(videos, self.sample.world, shown)

    def _masks(self) -> Cost:
        videos, pretrain = self._tested(), self._scale.pretrain
        assert self.sample.world is not None
        settings, first = self._scale.evaluate.masks, next(iter(self._scale.backbones.values()))
        shown = replace(ClipSpec.of(self._scale, first, pretrain.views), clips=settings.clips)
        chosen = variants(PAPER, pretrain.merge.hue)
        started = time.perf_counter()
        mask_quality.measure(videos, self.sample.world, shown, chosen, settings.betas)
        return Cost(0, (time.perf_counter() - started) / len(videos), settings.clips)

    def _any(self) -> Manifest:
        """Test videos, or training videos of a dataset that has no others."""
        tested = (self.sample.manifest.table["split"] == "test").any()
        return self._tested() if tested else self.sample.part("train", self.terms.tested)

    def _index(self) -> Cost:
        videos = self._any()
        started = time.perf_counter()
        for path in videos.table["path"]:
            probe(videos.root / path)
        return Cost((time.perf_counter() - started) / len(videos), 0, 0)

    def _prepare(self) -> Cost:
        """Small copies of a few videos, one after another."""
        settings = self._scale.datasets[self.piece.dataset]
        assert not isinstance(settings, Synthetic) and settings.prepare is not None
        asked = settings.prepare
        copying = Copying(asked.short_side, asked.crf, asked.keyframes)
        videos = self._any()
        started = time.perf_counter()
        for number, (path, start, frames) in enumerate(
            videos.table[["path", "start", "frames"]].itertuples(index=False)
        ):
            target = self.terms.scratch / f"{number}.mp4"
            made = copy(CopyTask(videos.root / path, target, start + frames, False), copying)
            if isinstance(made, str):
                raise FameError(f"{videos.root / path}: {made}")
        return Cost((time.perf_counter() - started) / len(videos), 0, 0)

    def _world(self) -> Cost:
        settings = self._scale.datasets[self.piece.dataset]
        assert isinstance(settings, Synthetic)
        count = min(self.terms.tested, settings.world.train)
        others = {"val": 0, "test": 0, "unused": 0}
        small = settings.world.model_copy(update={"train": count, **others})
        started = time.perf_counter()
        write_world(small, 0, self.terms.scratch / "another world")
        return Cost(0, (time.perf_counter() - started) / count, 0)


class _Clocked:
    """A training that notes when each step begins."""

    def __init__(self, inner: Trainable) -> None:
        self._inner = inner
        self._marks: list[float] = []

    @property
    def module(self) -> torch.nn.Module:
        """The inner one's."""
        return self._inner.module

    def loss(self, batch: Batch, step: int) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The inner one's."""
        self._marks.append(time.perf_counter())
        return self._inner.loss(batch, step)

    @property
    def step(self) -> float | None:
        """Seconds of a step, on average from the second one on; None for fewer than three."""
        if len(self._marks) < 3:
            return None
        return (self._marks[-1] - self._marks[1]) / (len(self._marks) - 2)


def _joined(*parts: Manifest) -> Any:
    return pd.concat([part.table for part in parts])


def repeated(features: Features, counts: dict[str, int]) -> Features:
    """Features whose videos appear again under other names until a split has enough of them.

    Each is a group of its own, so that some can be held out.
    """
    rows, turns = [], []
    for split in dict.fromkeys(features.splits.tolist()):
        own = np.flatnonzero(features.splits == split)
        places = np.arange(max(counts.get(split, 0), len(own)))
        rows.append(own[places % len(own)])
        turns.append(places // len(own))
    chosen, turn = np.concatenate(rows), np.concatenate(turns)
    names = [
        f"{features.videos[row]} again {number}" if number else str(features.videos[row])
        for row, number in zip(chosen, turn, strict=True)
    ]
    return replace(
        features,
        features=features.features[chosen],
        labels=features.labels[chosen],
        videos=np.array(names),
        groups=np.array(names),
        splits=features.splits[chosen],
    )
