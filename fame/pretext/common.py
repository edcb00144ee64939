"""The interface of pretext methods: a batch of raw clips in, a loss out.

A method is one file in this folder, or anywhere if a recipe names its path. The file assigns
METHOD: the method's class, or a function that makes an instance from a Setup. It may also assign
these literals, which are read without importing it:

- `USES = ("moco",)`: sections of the scale's `pretrain.methods` that the method needs. Only these
  enter the run's name and the Setup.
- `NEGATIVES = "moco"`: for the tables, the section whose queue gives the negatives (the batch, if
  the queue is 0); `MORE_NEGATIVES = {option: {value: text}}`: further negatives due to an option.
- `RECONSTRUCTION = True`: for the tables, no code of the method was found.
- `HEARS = True`: the method hears the sound of generated videos, so it is part of the run's name;
  its `hearing` says what it hears.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import torch

from fame.augment.views import Views
from fame.config.methods import Section
from fame.config.reading import parse
from fame.core.distributed import World
from fame.core.errors import FameError
from fame.core.schema import Model
from fame.data.clips.batch import Batch
from fame.data.clips.dataset import Labeller
from fame.data.clips.sampling import Draw, RandomClips, window
from fame.data.clips.sounds import Hearing
from fame.models.encoder import Encoder
from fame.models.group_batchnorm import convert
from fame.models.seeding import keyed_initialisation
from fame.pipeline.runs import Run

M = TypeVar("M", bound=Model)
S = TypeVar("S", bound=Section)
H = TypeVar("H", bound=torch.nn.Module)


class Cost(NamedTuple):
    """Clips per video that a step encodes, with and without gradient."""

    with_gradient: int
    without_gradient: int = 0


@dataclass(frozen=True)
class Setup:
    """Everything that a method is built from.

    Attributes:
        run: the recipe; `run.seed` keys every draw.
        sections: the sections of the scale's `pretrain.methods` that the method's file declares.
        options: the recipe's own settings for this method.
        encoder: freshly initialised, BatchNorm already grouped, on the right device.
        views: turns raw clips into augmented, merged, normalised views.
        world: this process among its peers.
        group: number of clips that share BatchNorm statistics, for the method's own layers.
        classes: number of classes of the pretraining videos; 0 without labels.
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
        """A section of the scale's `pretrain.methods`, restricted to the run's dataset.

        Raises:
            FameError: the method's file does not declare that it uses the section.
        """
        section = self.sections.get(name)
        if not isinstance(section, model):
            raise FameError(
                f"the method {self.run.method!r} reads pretrain.methods.{name} but does not "
                f'declare it; write USES = ("{name}",) into its file'
            )
        return section

    def read_options(self, model: type[M], method: str) -> M:
        """The recipe's options, validated as a model.

        Raises:
            FameError: an unknown, missing or invalid option; or a model whose options have
                defaults, since these would change the encoder but not the run's name.
        """
        schema = model.model_json_schema()
        for part in (schema, *schema.get("$defs", {}).values()):
            for name in part.get("properties", {}):
                if name not in part.get("required", ()):
                    raise FameError(
                        f"the option {name} of the method {method!r} has a default, which no run's "
                        "name would show; remove the default and write the option in each recipe"
                    )
        return parse(model, self.options, f"options of the method {method!r}")

    def head(self, build: Callable[[], H], purpose: str = "head") -> H:
        """Build a head of the method's own, as reproducible as the rest of the run.

        Its initial weights are keyed by the run's seed, its BatchNorm layers use groups of clips as
        the encoder's do, and it is on the right device.

        Args:
            build: makes the head, for example `lambda: nn.Linear(setup.encoder.feature_dim, 4)`.
            purpose: keys the weights; use different ones for several heads.
        """
        with keyed_initialisation(self.run.seed, purpose):
            head = build()
        return convert(head, self.group).to(self.world.device)

    def refuse_merge(self, method: str) -> None:
        """Refuse a recipe with a `merge`, for methods that cannot merge.

        Raises:
            FameError: the recipe has a `merge`.
        """
        if self.run.merge is not None:
            raise FameError(f"the method {method!r} merges nothing: remove `merge` from its recipe")


class NoOptions(Model):
    """Options of methods that have none."""


class Method(torch.nn.Module, ABC):
    """A pretext method.

    Attributes:
        clips: number of clips per video in a batch.
        encoder: the encoder that a run exports.
        recorded: whether the networks' calls are CUDA graphs, as the card says.
    """

    clips: int = 2
    encoder: Encoder
    recorded: bool = False

    @abstractmethod
    def __init__(self, setup: Setup) -> None:
        super().__init__()

    def sampling(self, frames: int, stride: int) -> Draw:
        """How clips are drawn from a video; by default from distinct random starts.

        Methods that learn pace or order override this.

        Args:
            frames: the backbone's number of frames in a clip.
            stride: the backbone's stride, in native frames.
        """
        return RandomClips(frames, stride, self.clips)

    def labeller(self) -> Labeller | None:
        """What makes labels from a clip's pixels, for methods that have such; None without.

        It is called with each sample where clips are read, in the loader's processes, and must be a
        function of the sample alone. Its numbers follow the draw's in `Batch.drawn`.
        """
        return None

    def span(self, frames: int, stride: int) -> int:
        """Native frames that a video needs for all its clips; a shorter one loops.

        The card records the share of shorter videos. Methods with their own `sampling` override it.

        Args:
            frames: as in `sampling`.
            stride: as in `sampling`.
        """
        return window(frames, stride)

    def hearing(self) -> Hearing | None:
        """The sound that a batch carries beside the clips; None for methods that hear nothing.

        Videos are then read with their sound, and refused if none has any.
        """
        return None

    @abstractmethod
    def loss(self, batch: Batch, step: int) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The loss of this process's share of a batch.

        Args:
            batch: raw clips (B, clips, 3, T, H, W) uint8, with their frame numbers and labels.
            step: number of optimiser steps done before.

        Returns:
            A scalar loss, and scalars for `metrics.jsonl` and TensorBoard; those named `contrast`
            and `accuracy` are also recorded on the card.
        """

    def record(self, clips: torch.Tensor, bfloat16: bool) -> None:
        """Record the networks' calls of a step as CUDA graphs and set `recorded`, if it can.

        Args:
            clips: as the networks get them, (B, 3, T, S, S), on the GPU.
            bfloat16: whether training uses autocast to bfloat16.
        """

    def chance(self, batch: int) -> float | None:
        """Chance level of the pretext accuracy, in [0, 1]; None for methods without an accuracy.

        The card records it beside the accuracy reached.

        Args:
            batch: number of videos in the global batch.
        """
        return None

    def cost(self) -> Cost:
        """What a step encodes per video; by default each clip once, with gradient.

        The card records it, so that methods can be compared at equal cost.
        """
        return Cost(self.clips)

    def facts(self) -> dict[str, Any]:
        """Facts for the run's card beyond the recipe."""
        return {}
