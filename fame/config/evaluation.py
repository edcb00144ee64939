"""The schema of a scale's `evaluate` section: the tasks and their settings. No torch."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fame.config.optimiser import Optimiser, Precision
from fame.config.views import ViewSettings
from fame.core.schema import Model, Positive, Share

Report = Literal["last", "best-on-test"]
"""Which epoch of a classifier is reported: `best-on-test` selects on the test videos."""


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


class Knn(Model):
    """Classification by the nearest training videos, weighted by their cosine.

    Attributes:
        neighbours: training videos that vote for a test video's class.
        temperature: a vote weighs exp(cosine / temperature).
    """

    neighbours: Positive
    temperature: Annotated[float, Field(gt=0)]


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
        knn: classification by nearest neighbours.
        bias: the bias probes; null for a scale that does not measure background bias.
        activation: activation maps.
        masks: mask quality.
    """

    clips: Positive
    crop: Literal["short-side", "native"]
    linear: Linear
    finetune: Finetune
    retrieval: Retrieval
    knn: Knn
    bias: Bias | None
    activation: Activation
    masks: Masks

    @model_validator(mode="after")
    def _enough_clips(self) -> "Evaluate":
        if self.bias and self.bias.clips > self.clips:
            raise ValueError(f"bias.clips {self.bias.clips} exceeds clips {self.clips}")
        return self
