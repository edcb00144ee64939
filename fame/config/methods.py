"""The schema of `pretrain.methods`: sections with the settings of single pretext methods.

A method's file names the sections that it uses, as `USES = ("moco",)`. Only those enter the names
of its runs, and only those are passed to it. A method from outside this repository takes its
settings from a recipe's `options` instead.
"""

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import Field

from fame.core.errors import FameError
from fame.core.schema import Model, Positive


class Section(Model):
    """A scale's settings for one pretext method, or for several that share them."""

    def datasets(self) -> Iterable[str]:
        """The datasets that the section has entries for."""
        return ()

    def on(self, dataset: str) -> Self:
        """The part of the section that pretraining on `dataset` uses.

        Raises:
            FameError: the section lacks an entry for that dataset.
        """
        return self


class MoCo(Section):
    """Momentum contrast.

    Attributes:
        queue: number of queued keys for each pretraining dataset; 0 uses the other keys of
            the batch as negatives instead.
        momentum: of the key encoder; 0 makes it equal the query encoder at every step.
        temperature: of the InfoNCE loss.
        dim: of the projected features.
        head: `mlp` (Linear-ReLU-Linear, as released) or `bn-mlp`.
        shuffle: shuffle keys across groups before their BatchNorm.
        enqueue: when keys join the queue, after the `step` or after each `direction` of the loss
            (as released: each query's own view is then among the second direction's negatives).
    """

    queue: dict[str, Annotated[int, Field(ge=0)]]
    momentum: Annotated[float, Field(ge=0, lt=1)]
    temperature: Annotated[float, Field(gt=0)]
    dim: Positive
    head: Literal["mlp", "bn-mlp"]
    shuffle: bool
    enqueue: Literal["step", "direction"]

    def datasets(self) -> Iterable[str]:
        """The datasets that have a queue."""
        return self.queue

    def on(self, dataset: str) -> Self:
        """The section, with the queue of `dataset` only."""
        if dataset not in self.queue:
            raise FameError(
                f"pretrain.methods.moco.queue lacks {dataset!r}, on which a recipe pretrains; "
                "add it"
            )
        return self.model_copy(update={"queue": {dataset: self.queue[dataset]}})


class Methods(Model):
    """The sections of a scale, by name; sections that no recipe needs may be left out.

    Attributes:
        moco: momentum contrast.
    """

    moco: MoCo | None = None

    def given(self) -> dict[str, Section]:
        """The sections that the scale has, by name."""
        sections = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {name: section for name, section in sections if section is not None}
