"""The schema of a scale file.

A scale is one complete file: no key has a default, so nothing leaks from one scale to another.
"""

import json
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from fame.config.datasets import Dataset
from fame.config.encoders import AnyEncoder
from fame.config.evaluation import Evaluate
from fame.config.pretraining import Pretrain
from fame.core.errors import FameError
from fame.core.schema import Model, Positive

Rows = Literal["core", "all"]
"""Which rows of the tables are measured: `core` ones, or those of the comparison too."""

Protocol = Literal["own", "fame"]
"""How the compared methods are trained: as published, or under FAME's protocol."""


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
        fused_norm: on a GPU with Triton, compute a training step's BatchNorm together with its
            ReLU and residual sum, and I3D's max pools, in kernels of our own. Results differ by
            rounding, and cards say which computed. PyTorch's operations compute everywhere else.
        cuda_graphs: on one GPU, record a pretraining step's networks once and replay them, where
            the method can (MoCo and FAME): the host then gives one order for a thousand. The
            kernels are the same.
        workers: processes per job that prefetch clips; 0 reads in the job itself.
        cache_mib: MiB of decoded frames that each reading process keeps.
        checkpoint_minutes: time from one checkpoint of a training to the next.
    """

    threads: Positive
    nodes: Positive
    gpus: Annotated[int, Field(ge=0)]
    deterministic: bool
    fused_norm: bool
    cuda_graphs: bool
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
