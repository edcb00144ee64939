"""What a table file may say: columns, published cells, and the recipe behind each row."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from fame.config.scale import Model


class Recipe(Model):
    """What a table's row asks for; all else comes from the scale.

    Attributes:
        method: a file of fame/pretext by its name or path; `random` is no training at all.
        backbone, pretrain: keys of the scale's `backbones` and `datasets`.
        merge: what differs from the scale's `pretrain.merge`; null is no merging.
        options: settings of the method beyond the scale's, for methods that take some.
    """

    method: str
    backbone: str
    pretrain: str | None = None
    merge: dict[str, Any] | None = None
    options: dict[str, Any] = Field(default={})


class Column(Model):
    """A measured column: `metric` of a task on `dataset`; `merge` refines the row's recipe."""

    title: str
    dataset: str
    metric: str
    merge: dict[str, Any] = Field(default={})


class Row(Model):
    """A row: what it shows, what was published, and how we measure it (if we do)."""

    show: dict[str, Any]
    published: dict[str, float | None] = Field(default={})
    task: Literal["linear", "finetune", "retrieval"] | None = None
    recipe: Recipe | None = None

    @model_validator(mode="after")
    def _complete(self) -> "Row":
        if (self.task is None) != (self.recipe is None):
            raise ValueError("a measured row needs both task and recipe")
        return self


class Table(Model):
    """One table of the paper: its columns, its published cells and its recipes."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    title: str
    source: str
    show: dict[str, str]
    columns: dict[str, Column]
    rows: tuple[Row, ...]

    @model_validator(mode="after")
    def _known(self) -> "Table":
        for number, row in enumerate(self.rows):
            for kind, given, known in (
                ("show", row.show, self.show),
                ("published", row.published, self.columns),
            ):
                for key in given:
                    if key not in known:
                        raise ValueError(f"rows.{number}.{kind} names unknown column {key!r}")
        return self
