"""The schema of the figures file: named encoders (arms), and which arms each figure compares."""

from typing import Annotated

from pydantic import ConfigDict, Field, model_validator

from fame.config.tables import Recipe
from fame.core.registry import names
from fame.core.schema import Model

Names = Annotated[tuple[str, ...], Field(min_length=1)]


class Arm(Model):
    """An encoder that figures compare.

    The first of `recipes` that the scale can train is used: a scale without Kinetics-400 compares
    encoders pretrained on UCF101.

    Attributes:
        title: its name in figures; it must not contain =, which would end it on a command line.
        recipes: ways to make it, the preferred one first.
    """

    title: Annotated[str, Field(pattern=r"^[^=]+$")]
    recipes: Annotated[tuple[Recipe, ...], Field(min_length=1)]


class Comparison(Model):
    """The arms of one figure.

    Attributes:
        arms: their names, left to right.
    """

    arms: Names


class Bias(Comparison):
    """The arms whose background bias is measured, and the datasets.

    Attributes:
        datasets: keys of the scale's `datasets`.
    """

    datasets: Names


class Figures(Model):
    """Arms by name and, for each figure by name, the arms that it compares.

    Attributes:
        arms: encoders by name.
        bias: arms and datasets of the bias probes.
    """

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, Comparison] = Field(init=False)

    arms: dict[str, Arm]
    bias: Bias

    @property
    def comparisons(self) -> dict[str, Comparison]:
        """The comparison of each figure that compares encoders."""
        return {"bias": self.bias, **self.__pydantic_extra__}

    @property
    def compared(self) -> list[str]:
        """The arms that at least one figure compares."""
        arms = (arm for comparison in self.comparisons.values() for arm in comparison.arms)
        return list(dict.fromkeys(arms))

    def arms_of(self, figure: str) -> tuple[str, ...]:
        """The arms of a figure, left to right; none if the file does not name it."""
        comparison = self.comparisons.get(figure)
        return comparison.arms if comparison else ()

    @model_validator(mode="after")
    def _known(self) -> "Figures":
        figures = names("fame.report.figures")
        for figure, comparison in self.comparisons.items():
            if figure not in figures:
                raise ValueError(f"{figure!r} is no figure; choose one of {', '.join(figures)}")
            for name in comparison.arms:
                if name not in self.arms:
                    raise ValueError(f"{figure}.arms names {name!r}, which is not among the arms")
        return self
