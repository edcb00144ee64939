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

Rows = Literal["core", "all"]
"""Which rows of the tables are measured: `core` ones, or those of the comparison too."""

Protocol = Literal["own", "fame"]
"""How the compared methods are trained: as published, or under FAME's protocol."""

Report = Literal["last", "best-on-test"]
"""Which epoch of a classifier is reported: `best-on-test` selects on the test videos."""


# Models and training


class Backbone(Model):
    """An encoder and its input clips: `frames` at a `stride`, `size` pixels square."""

    title: str
    encoder: AnyEncoder
    frames: Positive
    stride: Positive
    size: Positive


class Schedule(Model):
    """Learning rate over epochs.

    `cosine` falls to zero, updated every step; `cosine-epoch` is updated once an epoch (as
    released); `step` multiplies by `gamma` at each milestone.
    """

    kind: Literal["cosine", "cosine-epoch", "step"]
    milestones: tuple[Positive, ...]
    gamma: Share
    warmup_steps: Annotated[int, Field(ge=0)]


class Optimiser(Model):
    """SGD with momentum."""

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
    """kNN accuracy on some labelled videos, to notice a collapse early (never for selection)."""

    every_epochs: Positive
    videos: Positive
    neighbours: Positive


class Pretrain(Model):
    """Contrastive pretraining; the paper's recipe is in config/scales/paper.yaml.

    `batch` is global; `group` is the number of clips that share BatchNorm statistics and
    background donors (the paper's clips per GPU), whatever the number of processes. `epochs` has
    one entry for each pretraining dataset. `methods` holds the settings of single methods.
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

    `lrs` are candidates; one is chosen on `holdout` (a share of the training videos), never
    on test data, and the probe is then trained on all training videos.

    `train_normalisation` is `normalised`, or `raw`: the training clips are encoded without mean and
    std, the test clips with them, a bug of the release (facts A7). `report` is as for
    finetuning.
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

    `report` is `last`, or `best-on-test`: the first epoch, every tenth after it and the last are
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

    `normalisation` names the mean and std of the encoder's input: those of `pretraining`, or
    `imagenet`'s (as released; facts A8). `centre` subtracts each set's mean
    feature before the cosine.
    """

    normalisation: Literal["pretraining", "imagenet"]
    centre: bool
    ranks: tuple[Positive, ...]


class Bias(Model):
    """Background-bias probes (docs/bias.md): test videos under several conditions.

    `clips` uniform clips per video are altered; `beta` is the share of pixels that FAME's mask
    keeps, which is used if the true foreground is unknown.
    """

    clips: Positive
    beta: Annotated[float, Field(gt=0, lt=1)]


class Activation(Model):
    """Activation maps (Figure 1): `shown` test videos of `dataset`, `size` pixels square.

    Inputs larger than in training give maps with more than a few cells.
    """

    dataset: str
    shown: Positive
    size: Positive


class Masks(Model):
    """Mask quality against the true foreground: `clips` uniform clips of `dataset`'s videos."""

    dataset: str
    betas: tuple[Annotated[float, Field(gt=0, lt=1)], ...]
    clips: Positive


class Evaluate(Model):
    """Evaluation: `clips` uniform clips per video, averaged, one centre crop each.

    `bias` is null for a scale that does not measure background bias.
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
        rows: which rows the tables measure; the target `comparison` measures all at any scale.
        protocol: whether recipes that have both take `own_options` (`own`) or `options` (`fame`).
        max_short_side: pixels; frames with a larger short side are scaled down to it when they
            are read; null keeps them.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    comparable: bool
    note: str
    seeds: tuple[Annotated[int, Field(ge=0, lt=2**31)], ...]
    rows: Annotated[Rows, Field(examples=["core"])]
    protocol: Annotated[Protocol, Field(examples=["fame"])]
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
