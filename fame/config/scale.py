"""The schema of a scale file.

A scale is one complete file: no key has a default, so nothing leaks from one scale to another.
"""

import json
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from fame.config.datasets import Dataset
from fame.config.encoders import AnyEncoder
from fame.config.methods import Methods
from fame.config.views import ViewSettings
from fame.core.errors import FameError
from fame.core.schema import Model, Positive, Share

Precision = Literal["float32", "tf32", "bfloat16", "float64"]
"""`float32` is full float32 on a GPU too; `tf32` lets newer GPUs round the factors of products;
`bfloat16` is autocast with float32 weights; `float64` is slow and for exactness checks."""

Report = Literal["last", "best-on-test"]
"""Which epoch of a classifier is reported: `best-on-test` selects on the test videos."""


# Models and training


class Backbone(Model):
    """An encoder and its input clips.

    Attributes:
        title: the encoder's name in tables and figures.
        encoder: the architecture and its settings.
        frames: frames of a clip.
        stride: frames of the video from one frame of the clip to the next.
        size: pixels; clips are square.
    """

    title: str
    encoder: AnyEncoder
    frames: Positive
    stride: Positive
    size: Positive


class Schedule(Model):
    """Learning rate over epochs.

    Attributes:
        kind: `cosine` falls to zero, updated every step; `cosine-epoch` is updated once an epoch
            (as released); `step` multiplies by `gamma` at each milestone.
        milestones: epochs at which `step` lowers the rate.
        gamma: factor of the rate at each milestone.
        warmup_steps: steps in which the rate rises to `lr` first.
    """

    kind: Literal["cosine", "cosine-epoch", "step"]
    milestones: tuple[Positive, ...]
    gamma: Share
    warmup_steps: Annotated[int, Field(ge=0)]


class Optimiser(Model):
    """SGD with momentum.

    Attributes:
        lr: learning rate at its highest.
        momentum: of SGD.
        weight_decay: of SGD.
        schedule: the learning rate over epochs.
    """

    lr: Annotated[float, Field(gt=0)]
    momentum: Share
    weight_decay: Annotated[float, Field(ge=0)]
    schedule: Schedule


class Merge(Model):
    """FAME's augmentation: the foreground mask and the source of the background.

    Attributes:
        mask: a file of fame/augment/masks by its name, or a path to one (`./mine.py`).
        beta: share of pixels kept as foreground (facts A1 step 11).
        background: `inter` takes another video of the group, `intra` the other clip.
        merged_views: merge one view of the pair (`single`) or `both`.
        donors: `derangement` (never itself) or `permutation` (may draw itself, as released).
        hue: `correct`, or `official` for the released code's double 2*pi.
        pseudocount: added to every colour's count in the background (facts A1 step 8); the
            release has 1, for clips of 112 and 224 pixels.
    """

    mask: str
    beta: Annotated[float, Field(gt=0, le=1)]
    background: Literal["inter", "intra"]
    merged_views: Literal["single", "both"]
    donors: Literal["derangement", "permutation"]
    hue: Literal["correct", "official"]
    pseudocount: Annotated[float, Field(gt=0)]


class Monitor(Model):
    """kNN accuracy on some labelled videos, to notice a collapse early (never for selection).

    Attributes:
        every_epochs: epochs from one measurement to the next.
        videos: number of videos that are encoded.
        neighbours: number of nearest neighbours that vote.
    """

    every_epochs: Positive
    videos: Positive
    neighbours: Positive


class Pretrain(Model):
    """Contrastive pretraining; the paper's recipe is in config/scales/paper.yaml.

    Attributes:
        batch: videos of a step, of all processes together.
        group: clips that share BatchNorm statistics and background donors (the paper's clips per
            GPU), whatever the number of processes.
        epochs: one entry for each pretraining dataset.
        precision: of the arithmetic.
        optimiser: SGD's settings.
        views: the random augmentation.
        merge: FAME's augmentation; a recipe says which of its settings differ.
        methods: the settings of single methods.
        monitor: the accuracy that is watched during training.
    """

    batch: Positive
    group: Positive
    epochs: dict[str, Positive]
    precision: Precision
    optimiser: Optimiser
    views: ViewSettings
    merge: Merge
    methods: Methods
    monitor: Monitor

    @model_validator(mode="after")
    def _groups(self) -> "Pretrain":
        if self.batch % self.group:
            raise ValueError(f"batch {self.batch} is not a multiple of group {self.group}")
        return self


class Linear(Model):
    """Linear probe on frozen features.

    Attributes:
        train_normalisation: `normalised`, or `raw`: the training clips are encoded without mean
            and std, the test clips with them, a bug of the release (facts A7).
        normalise: whether features are scaled to length 1.
        batch: videos of a step.
        epochs: passes over the training videos.
        momentum: of SGD.
        weight_decay: of SGD.
        lrs: candidates for the learning rate; one is chosen on `holdout`, never on test data, and
            the probe is then trained on all training videos.
        milestones: epochs at which the learning rate falls.
        gamma: factor of the learning rate at each milestone.
        holdout: share of the training videos on which the learning rate is chosen.
        report: the epoch that is reported, as for finetuning.
    """

    train_normalisation: Literal["normalised", "raw"]
    normalise: bool
    batch: Positive
    epochs: Positive
    momentum: Share
    weight_decay: Annotated[float, Field(ge=0)]
    lrs: tuple[Annotated[float, Field(gt=0)], ...]
    milestones: tuple[Positive, ...]
    gamma: Share
    holdout: Annotated[float, Field(gt=0, lt=1)]
    report: Report


class Finetune(Model):
    """Finetuning of the whole network.

    Attributes:
        batch: clips of a step, of all processes together.
        group: clips that share BatchNorm statistics.
        epochs: passes over the training videos.
        precision: of the arithmetic.
        dropout: probability that a number of the pooled feature is set to zero in training.
        optimiser: SGD's settings.
        views: the random augmentation.
        report: `last`, or `best-on-test`: the first epoch, every tenth after it and the last are
            tested, and the best is reported. That selects on the test videos, as the release does
            (facts A6).
    """

    batch: Positive
    group: Positive
    epochs: Positive
    precision: Precision
    dropout: Annotated[float, Field(ge=0, lt=1)]
    optimiser: Optimiser
    views: ViewSettings
    report: Report


class Retrieval(Model):
    """Nearest neighbours.

    Attributes:
        normalisation: the mean and std of the encoder's input: those of `pretraining`, or
            `imagenet`'s (as released; facts A8).
        centre: whether each set's mean feature is subtracted before the cosine.
        ranks: the k of each recall at k.
    """

    normalisation: Literal["pretraining", "imagenet"]
    centre: bool
    ranks: tuple[Positive, ...]


class Bias(Model):
    """Background-bias probes (docs/bias.md): test videos under several conditions.

    Attributes:
        clips: uniform clips of a video that are altered.
        beta: share of pixels that FAME's mask keeps, which is used if the true foreground is
            unknown.
    """

    clips: Positive
    beta: Annotated[float, Field(gt=0, lt=1)]


class Activation(Model):
    """Activation maps (Figure 1).

    Attributes:
        dataset: whose test videos are shown; a key of `datasets`.
        shown: number of videos.
        size: pixels; inputs larger than in training give maps with more than a few cells.
    """

    dataset: str
    shown: Positive
    size: Positive


class Masks(Model):
    """Mask quality against the true foreground.

    Attributes:
        dataset: whose videos are masked; a key of `datasets`.
        betas: shares of pixels kept as foreground.
        clips: uniform clips of a video.
    """

    dataset: str
    betas: tuple[Annotated[float, Field(gt=0, lt=1)], ...]
    clips: Positive


class Evaluate(Model):
    """Evaluation of an encoder.

    Attributes:
        clips: uniform clips of a video, whose features or scores are averaged; one centre crop
            each.
        crop: `short-side` scales a frame's short side to the clip's size before the centre crop;
            `native` crops the frame as it is read.
        linear: the linear probe.
        finetune: finetuning.
        retrieval: nearest neighbours.
        bias: the bias probes; null for a scale that does not measure background bias.
        activation: activation maps.
        masks: mask quality.
    """

    clips: Positive
    crop: Literal["short-side", "native"]
    linear: Linear
    finetune: Finetune
    retrieval: Retrieval
    bias: Bias | None
    activation: Activation
    masks: Masks

    @model_validator(mode="after")
    def _enough_clips(self) -> "Evaluate":
        if self.bias and self.bias.clips > self.clips:
            raise ValueError(f"bias.clips {self.bias.clips} exceeds clips {self.clips}")
        return self


class Short(Model):
    """Resources of a short job at its first attempt; each further attempt gets more.

    Attributes:
        mem_mb: memory in MB.
        runtime: minutes.
    """

    mem_mb: Positive
    runtime: Positive


class Resources(Model):
    """Resources of a job; none of them changes a result.

    Attributes:
        threads: CPU cores, per machine, of a job that decodes videos or trains.
        nodes: machines that share one pretraining; more than one needs Slurm.
        gpus: per machine; 0 computes on the CPU.
        mem_mb: memory in MB, per machine, of a job that decodes videos or trains.
        runtime: minutes of such a job; a longer training resumes from its checkpoint.
        short: jobs that do neither (probes, tables, figures).
        deterministic: allow only deterministic operations, so that the same GPU model gives the
            same bits, more slowly. PyTorch has no deterministic max-pooling for I3D on a GPU and
            stops there. A CPU gives the same bits either way.
        workers: processes per job that prefetch clips; 0 reads in the job itself.
        cache_mib: MiB of decoded frames that each reading process keeps.
        checkpoint_minutes: time from one checkpoint of a training to the next.
    """

    threads: Positive
    nodes: Positive
    gpus: Annotated[int, Field(ge=0)]
    deterministic: bool
    workers: Annotated[int, Field(ge=0)]
    cache_mib: Annotated[int, Field(ge=0)]
    mem_mb: Positive
    runtime: Positive
    short: Short
    checkpoint_minutes: Annotated[float, Field(gt=0)]


class Scale(Model):
    """One complete scale file.

    Attributes:
        name: the folder below `results/`.
        comparable: whether measured numbers may be compared with published ones.
        note: one sentence that every table of this scale carries.
        seeds: every recipe is run once per seed; mini worlds are new for each seed.
        max_short_side: pixels; frames with a larger short side are scaled down to it when they
            are read; null keeps them.
        datasets: by the names that tables use.
        backbones: encoders and their clips, by the names that tables use.
        pretrain: contrastive pretraining.
        evaluate: evaluation of an encoder.
        resources: of jobs; none of them changes a result.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    comparable: bool
    note: str
    seeds: tuple[Annotated[int, Field(ge=0, lt=2**31)], ...]
    max_short_side: Positive | None
    datasets: dict[str, Dataset]
    backbones: dict[str, Backbone]
    pretrain: Pretrain
    evaluate: Evaluate
    resources: Resources

    @model_validator(mode="after")
    def _consistent(self) -> "Scale":
        if not self.seeds or len(set(self.seeds)) != len(self.seeds):
            raise ValueError("seeds must be distinct, and at least one")
        for key in ("activation", "masks"):
            if getattr(self.evaluate, key).dataset not in self.datasets:
                raise ValueError(f"evaluate.{key}.dataset is not one of the datasets")
        return self

    @model_validator(mode="after")
    def _pretrains_on_its_datasets(self) -> "Scale":
        named = {"epochs": tuple(self.pretrain.epochs)}
        for key, section in self.pretrain.methods.given().items():
            named[f"methods.{key}"] = tuple(section.datasets())
        for place, datasets in named.items():
            for name in datasets:
                if name not in self.datasets:
                    raise ValueError(f"pretrain.{place} names {name!r}, which is not a dataset")
        return self

    @property
    def prepared(self) -> list[str]:
        """The datasets that are read from small copies."""
        entries = self.datasets.items()
        return [name for name, entry in entries if getattr(entry, "prepare", None) is not None]

    def section(self, *keys: str) -> str:
        """A part of the scale as JSON (without keys, all of it); equal parts give equal texts.

        Args:
            keys: from the top, such as `pretrain`, `merge`.

        Raises:
            FameError: no such part.
        """
        part: Any = self.model_dump(mode="json")
        for key in keys:
            if not isinstance(part, dict) or key not in part:
                raise FameError(f"scale {self.name!r} has no {'.'.join(keys)}; correct the key")
            part = part[key]
        return json.dumps(part, sort_keys=True)
