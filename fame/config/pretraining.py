"""The schema of a scale's `pretrain` section. No torch."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from fame.config.methods import Methods
from fame.config.optimiser import Optimiser, Precision
from fame.config.views import ViewSettings
from fame.core.registry import names
from fame.core.schema import Model, Positive, PositiveFloat

UNTRAINED = "random"
"""The method without a training."""


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
        rates: learning rates of single methods at their highest, by the method's name (or path, as
            recipes write it), instead of `optimiser.lr`; the rest of the optimiser is theirs too.
            A run's recipe holds the rate that it has, wherever it was written.
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
    rates: Annotated[dict[str, PositiveFloat], Field(examples=["{}"])]
    views: ViewSettings
    merge: Merge
    methods: Methods
    monitor: Monitor

    @model_validator(mode="after")
    def _groups(self) -> "Pretrain":
        if self.batch % self.group:
            raise ValueError(f"batch {self.batch} is not a multiple of group {self.group}")
        return self

    @field_validator("rates")
    @classmethod
    def _of_methods(cls, rates: dict[str, float]) -> dict[str, float]:
        trained = [name for name in names("fame.pretext") if name != UNTRAINED]
        for name in rates:
            if name not in trained and not name.endswith(".py"):
                raise ValueError(
                    f"{name!r} is no method that is trained; choose from {', '.join(trained)}, or "
                    "give the path of a method's file"
                )
        return rates

    def optimiser_of(self, method: str) -> Optimiser:
        """SGD's settings for a method: the scale's, at the method's own rate if it has one.

        The update is `lr * (gradient + weight_decay * weight)`, with momentum over the bracket, so
        a lower rate also shrinks weights more slowly, as it would if the whole scale had it.

        Args:
            method: as recipes write it.
        """
        rate = self.rates.get(method)
        return self.optimiser if rate is None else self.optimiser.model_copy(update={"lr": rate})
