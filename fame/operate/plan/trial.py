"""One piece of work done for real, at the scale's true sizes, by the code that jobs run."""

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from fame.config.datasets import Synthetic
from fame.config.normalisation import needed
from fame.config.scale import Backbone, Scale
from fame.core.distributed import World
from fame.core.errors import FameError
from fame.data.clips.batch import collate
from fame.data.clips.dataset import TrainClips
from fame.data.clips.sampling import RandomClips
from fame.data.manifest import Manifest
from fame.data.synthetic import write_world
from fame.data.video.decode import probe
from fame.data.video.transcode import Copying, CopyTask, copy
from fame.evaluate.bias.foreground import Foreground, MotionForeground, TrueForeground
from fame.evaluate.features import activation_maps as activation
from fame.evaluate.features.clipspec import ClipSpec
from fame.evaluate.features.encode import Work, clip_outputs
from fame.evaluate.features.extract import Alteration, extract
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
from fame.pipeline.paths import BIAS
from fame.pretext.common import Method
from fame.train.batches import Batches
from fame.train.engine import Plan, Trainable, train
from fame.train.pretrain import Pretraining, build_method, clips_of

ENOUGH = 64
"""Training videos of a probe: some of each class can be held out, whatever few there are."""


@dataclass(frozen=True)
class Terms:
    """How pieces are done.

    Attributes:
        scale: all settings.
        world: this process, and its device.
        scratch: an empty folder, for checkpoints.
        tested: videos that are encoded together.
    """

    scale: Scale
    world: World
    scratch: Path
    tested: int


def attempt(piece: Piece, sample: Sample, terms: Terms, gallery: int) -> int | None:
    """Do a piece of work.

    Args:
        piece: which.
        sample: videos of its dataset.
        terms: how.
        gallery: training videos that retrieval searches.

    Returns:
        Peak memory of the GPU in MiB; None without one.

    Raises:
        Exception: whatever the work raises.
    """
    on_gpu = terms.world.device.type == "cuda"
    if on_gpu:
        torch.cuda.reset_peak_memory_stats(terms.world.device)
    with contextlib.redirect_stderr(io.StringIO()):
        _Attempt(piece, sample, terms, gallery).run()
    return torch.cuda.max_memory_allocated(terms.world.device) // 2**20 if on_gpu else None


def most_videos(scale: Scale) -> int:
    """Training videos that the largest step wants."""
    return max(training_size(scale, verb) for verb in ("pretrain", "finetune"))


def training_size(scale: Scale, verb: str) -> int:
    """Videos of one process's share of a step."""
    settings = scale.pretrain if verb == "pretrain" else scale.evaluate.finetune
    devices = scale.resources.nodes * scale.resources.gpus if verb == "pretrain" else 1
    return settings.batch // max(1, devices)


@dataclass(frozen=True)
class _Attempt:
    piece: Piece
    sample: Sample
    terms: Terms
    gallery: int

    def run(self) -> None:
        action: Callable[[], None] = getattr(self, f"_{self.piece.verb}")
        action()

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
        size = training_size(self._scale, self.piece.verb)
        return settings.model_copy(update={"batch": size})

    def _pretrain(self) -> None:
        section = self._share(self._scale.pretrain)
        resources = self._scale.resources.model_copy(update={"cache_mib": 0})
        scale = self._scale.model_copy(update={"pretrain": section, "resources": resources})
        videos = self.sample.part("train", section.batch)
        method: Method = build_method(scale, self._run, self.terms.world, len(videos.classes))
        clips = clips_of(scale, self._run, videos, method)
        self._train(Pretraining(method), clips, section)

    def _finetune(self) -> None:
        section, backbone = self._share(self._scale.evaluate.finetune), self._backbone
        videos = self.sample.part("train", section.batch)
        encoder, seed = self._encoder(), self._run.seed
        module = finetuning(
            section, backbone.size, encoder, len(videos.classes), seed, self.terms.world
        )
        draw = RandomClips(backbone.frames, backbone.stride, clips=1)
        clips = TrainClips(videos, draw, seed=seed, max_short_side=self._scale.max_short_side)
        self._train(module, clips, section)

    def _train(self, trainable: Trainable, clips: TrainClips, section: Any) -> None:
        """One step of the training loop itself, and its checkpoint."""
        keys = [divmod(number, len(clips)) for number in range(section.batch)]
        batch = collate([clips[key] for key in keys])
        plan = Plan(
            name=self.piece.name,
            recipe={},
            directory=self.terms.scratch / "training",
            batches=Batches(1, lambda first: [batch] * (1 - first)),
            epochs=1,
            optimiser=section.optimiser,
            precision=section.precision,
            checkpoint_minutes=float("inf"),
            clips_per_step=len(batch.labels),
            on_epoch=lambda epoch: {},
        )
        train(trainable, plan, self.terms.world)

    # --- Evaluation

    def _tested(self) -> Manifest:
        return self.sample.part("test", self.terms.tested)

    def _features(self) -> None:
        clip_outputs(self._encoder(), self._tested(), self._shown, self._work)

    def _altered(self) -> None:
        """Extraction of test videos with the bias probes' conditions, then the probes."""
        train = self.sample.part("train", self.terms.tested)
        both = replace(train, table=_joined(train, self._tested()))
        found = self._extracted(both)
        features = repeated(found["pretraining"], {"train": ENOUGH})
        settings = self._scale.evaluate.linear.model_copy(update={"epochs": 1})
        probe_bias(features, found[BIAS], settings, self._run.seed)

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

    def _probe(self) -> None:
        features = self._enough_features(max(self.gallery, ENOUGH), 8)
        settings = self._scale.evaluate.linear.model_copy(update={"epochs": 1})
        fit_probe(features, settings, self._run.seed, "cpu")

    def _retrieval(self) -> None:
        settings = self._scale.evaluate.retrieval
        retrieve(self._enough_features(max(self.gallery, *settings.ranks), 64), settings)

    def _activation(self) -> None:
        videos, settings = self._tested(), self._scale.evaluate.activation
        shown = replace(self._shown, size=settings.size)
        choice = np.arange(min(settings.shown, len(videos)))
        activation.measure(self._encoder(), videos, shown, self._work, self._foreground, choice)

    def _foreground(self, videos: Manifest, shown: ClipSpec) -> Foreground:
        if self.sample.world is None:
            return MotionForeground(self._scale.pretrain.merge.beta)
        return TrueForeground(videos, self.sample.world, shown)

    def _masks(self) -> None:
        videos, pretrain = self._tested(), self._scale.pretrain
        assert self.sample.world is not None
        settings, first = self._scale.evaluate.masks, next(iter(self._scale.backbones.values()))
        shown = replace(ClipSpec.of(self._scale, first, pretrain.views), clips=settings.clips)
        chosen = variants(PAPER, pretrain.merge.hue)
        mask_quality.measure(videos, self.sample.world, shown, chosen, settings.betas)

    def _any(self) -> Manifest:
        """Test videos, or training videos of a dataset that has no others."""
        tested = (self.sample.manifest.table["split"] == "test").any()
        return self._tested() if tested else self.sample.part("train", self.terms.tested)

    def _index(self) -> None:
        videos = self._any()
        for path in videos.table["path"]:
            probe(videos.root / path)

    def _prepare(self) -> None:
        """Small copies of a few videos, one after another."""
        settings = self._scale.datasets[self.piece.dataset]
        assert not isinstance(settings, Synthetic) and settings.prepare is not None
        asked = settings.prepare
        copying = Copying(asked.short_side, asked.crf, asked.keyframes)
        videos = self._any()
        for number, (path, start, frames) in enumerate(
            videos.table[["path", "start", "frames"]].itertuples(index=False)
        ):
            target = self.terms.scratch / f"{number}.mp4"
            made = copy(CopyTask(videos.root / path, target, start + frames, False), copying)
            if isinstance(made, str):
                raise FameError(f"{videos.root / path}: {made}")

    def _world(self) -> None:
        settings = self._scale.datasets[self.piece.dataset]
        assert isinstance(settings, Synthetic)
        count = min(self.terms.tested, settings.world.train)
        others = {"val": 0, "test": 0, "unused": 0}
        small = settings.world.model_copy(update={"train": count, **others})
        write_world(small, 0, self.terms.scratch / "another world")


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
