"""The schema of a scale's `pretrain` section. No torch."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fame.config.methods import Methods
from fame.config.optimiser import Optimiser, Precision
from fame.config.views import ViewSettings
from fame.core.schema import Model, Positive


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
