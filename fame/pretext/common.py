"""What a pretext method is: a batch of raw clips in, a loss out.

One file per method in this folder (or anywhere, named by its path in a recipe); the file binds
its class, or a function that makes one from a Setup, to the name METHOD. A method that needs a
section of the scale's `pretrain.methods` says so there too, as `USES = ("moco",)`, written out: the
workflow reads it off the file, and only what is named is in the run's name and in the Setup.
Likewise for the tables: `NEGATIVES = "moco"` says whose queue holds the negatives (the batch, if it
is 0), and `MORE_NEGATIVES = {option: {value: text}}` which others an option brings.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, TypeVar

import torch

from fame.augment.views import Views
from fame.config.methods import Section
from fame.config.reading import parse
from fame.core.distributed import World
from fame.core.errors import FameError
from fame.core.schema import Model
from fame.data.clips.batch import Batch
from fame.data.clips.sampling import Draw, RandomClips
from fame.models.encoder import Encoder
from fame.models.group_batchnorm import convert
from fame.models.seeding import keyed_initialisation
from fame.pipeline.experiments import Run

M = TypeVar("M", bound=Model)
S = TypeVar("S", bound=Section)
H = TypeVar("H", bound=torch.nn.Module)


class Cost(NamedTuple):
    """How many clips of each video a step encodes, with and without gradient."""

    with_gradient: int
    without_gradient: int = 0


@dataclass(frozen=True)
class Setup:
    """What a method is built from.

    Attributes:
        run: the recipe; `run.seed` keys every draw.
        sections: of the scale's `pretrain.methods`, those that the method's file declares to use.
        options: the recipe's own settings for this method.
        encoder: freshly initialised, BatchNorm already grouped, on the right device.
        views: turns raw clips into augmented, merged, normalised views.
        world: this process among its peers.
        group: number of clips that share BatchNorm statistics, for BatchNorm of the method's own.
        classes: of the pretraining videos' labels; 0 where there are none.
    """

    run: Run
    sections: Mapping[str, Section]
    options: dict[str, Any]
    encoder: Encoder
    views: Views
    world: World
    group: int
    classes: int = 0

    def section(self, name: str, model: type[S]) -> S:
        """A section of the scale's `pretrain.methods`, with what the run's dataset needs of it.

        Raises:
            FameError: the method's file does not declare that it uses the section.
        """
        found = self.sections.get(name)
        if not isinstance(found, model):
            raise FameError(
                f"the method {self.run.method!r} reads pretrain.methods.{name} without saying so; "
                f'write USES = ("{name}",) into its file'
            )
        return found

    def read_options(self, model: type[M], method: str) -> M:
        """The recipe's options as a model.

        Raises:
            FameError: an option that the method does not know, lacks or cannot use; or one that
                has a default, which would change the encoder and not the run's name.
        """
        schema = model.model_json_schema()
        for part in (schema, *schema.get("$defs", {}).values()):
            for name in part.get("properties", {}):
                if name not in part.get("required", ()):
                    raise FameError(
                        f"the option {name} of the method {method!r} has a default, which no run's "
                        "name would tell; remove the default and write the option in each recipe"
                    )
        return parse(model, self.options, f"options of the method {method!r}")

    def head(self, build: Callable[[], H], purpose: str = "head") -> H:
        """A head of the method's own, as every part of a run has to be.

        Its initial weights are keyed by the run's seed, its BatchNorm layers take their statistics
        from groups of clips, as the encoder's do, and it is on the right device.

        Args:
            build: makes the head, for example `lambda: nn.Linear(setup.encoder.feature_dim, 4)`.
            purpose: keys the weights; a method with two heads names them differently.
        """
        with keyed_initialisation(self.run.seed, purpose):
            head = build()
        return convert(head, self.group).to(self.world.device)

    def refuse_merge(self, method: str) -> None:
        """For methods that leave no place for merging.

        Raises:
            FameError: the recipe has a `merge`.
        """
        if self.run.merge is not None:
            raise FameError(f"the method {method!r} merges nothing: remove `merge` from its recipe")


class NoOptions(Model):
    """For methods that take none."""


class Method(torch.nn.Module, ABC):
    """A pretext method.

    Attributes:
        clips: how many clips of each video a batch holds.
        encoder: the encoder that a run exports.
    """

    clips: ClassVar[int] = 2
    encoder: Encoder

    @abstractmethod
    def __init__(self, setup: Setup) -> None:
        super().__init__()

    def sampling(self, frames: int, stride: int) -> Draw:
        """How this method draws clips from a video: by default from distinct random starts.

        Methods that learn pace or order override it.

        Args:
            frames: of a clip, as the backbone wants them.
            stride: native frames between them, as the backbone wants them.
        """
        return RandomClips(frames, stride, self.clips)

    @abstractmethod
    def loss(self, batch: Batch, step: int) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The loss of this process's share of a batch.

        Args:
            batch: raw clips (B, clips, 3, T, H, W) uint8 and the videos they come from.
            step: optimiser steps done before.

        Returns:
            A scalar loss, and scalars for `metrics.jsonl` and TensorBoard; those named contrast and
            accuracy go onto the card too.
        """

    def chance(self, batch: int) -> float | None:
        """The pretext accuracy of a guess, in [0, 1]; None where there is nothing to get right.

        It goes onto the card, beside the accuracy that was reached.

        Args:
            batch: videos of the global batch.
        """
        return None

    def cost(self) -> Cost:
        """What a step encodes of each video: by default each clip once, with gradient.

        It goes onto the card, so that methods can be compared at equal cost.
        """
        return Cost(self.clips)

    def facts(self) -> dict[str, Any]:
        """What the run's card should say of the method beyond its recipe."""
        return {}
