"""Settings of a training: the arithmetic, SGD and its learning rate. No torch."""

from typing import Annotated, Literal

from pydantic import Field

from fame.core.schema import Model, Positive, Share

Precision = Literal["float32", "tf32", "bfloat16", "float64"]
"""`float32` is full float32 on a GPU too; `tf32` lets newer GPUs round the factors of products;
`bfloat16` is autocast with float32 weights; `float64` is slow and for exactness checks."""


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
