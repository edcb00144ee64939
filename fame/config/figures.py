"""The schema of the figures file: named encoders (arms), and those that each figure compares."""

from typing import Annotated

from pydantic import Field, model_validator

from fame.config.tables import Recipe
from fame.core.schema import Model

Names = Annotated[tuple[str, ...], Field(min_length=1)]


class Arm(Model):
    """An encoder that figures compare.

    `recipes` are tried in order, and the first that a scale can train is used: a scale without
    Kinetics-400 compares encoders pretrained on UCF101. A title contains no =, which would end it
    in a command line.
    """

    title: Annotated[str, Field(pattern=r"^[^=]+$")]
    recipes: Annotated[tuple[Recipe, ...], Field(min_length=1)]


class Comparison(Model):
    """The arms of one figure, left to right."""

    arms: Names


class Bias(Comparison):
    """The arms whose background bias is measured, and on which datasets."""

    datasets: Names


class Figures(Model):
    """Arms by name, and those of the bias probes, the activation maps and the kernels."""

    arms: dict[str, Arm]
    bias: Bias
    figure1: Comparison
    figure3: Comparison

    @model_validator(mode="after")
    def _known(self) -> "Figures":
        for figure in ("bias", "figure1", "figure3"):
            for name in getattr(self, figure).arms:
                if name not in self.arms:
                    raise ValueError(f"{figure}.arms names {name!r}, which is not among the arms")
        return self
