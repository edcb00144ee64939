"""What a table file may say: columns, published cells, and the recipe behind each row."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from fame.core.registry import names
from fame.core.schema import Model

FIGURES = tuple(names("fame.report.figures"))
"""What `results` holds beside the tables and the page: a figure for each file there."""

RESERVED = {"all", "report", *FIGURES}
"""Targets that are no table, whose names no table may have."""


class Recipe(Model):
    """What a table's row asks for; all else comes from the scale.

    Attributes:
        method: a file of fame/pretext by its name or path; `random` is no training at all.
        encoder: instead of a method, a file with finished weights: an `encoder.safetensors` of
            ours, a checkpoint of the authors, or torchvision's r2plus1d_18. It may hold `~`,
            `$NAME` and `${NAME:-default}`.
        backbone, pretrain: keys of the scale's `backbones` and `datasets`.
        merge: what differs from the scale's `pretrain.merge`; null is no merging.
        options: settings of the method beyond the scale's, for methods that take some.
    """

    method: str | None = None
    encoder: str | None = None
    backbone: str
    pretrain: str | None = None
    merge: dict[str, Any] | None = None
    options: dict[str, Any] = Field(default={})

    @model_validator(mode="after")
    def _one_origin(self) -> "Recipe":
        if (self.method is None) == (self.encoder is None):
            raise ValueError("a recipe needs either a method or an encoder")
        if self.encoder and (self.pretrain or self.merge is not None or self.options):
            raise ValueError("an encoder is finished: remove pretrain, merge and options")
        if self.method and not self.pretrain and (self.merge is not None or self.options):
            raise ValueError(
                "nothing is trained without pretrain: add it, or remove merge and options"
            )
        return self


class Column(Model):
    """A measured column: `metric` of a task on `dataset`; `merge` refines the row's recipe.

    Attributes:
        title: what the column is called where it stands alone.
        group: a head that it shares with the columns beside it, in LaTeX; None for none.
        head: what it is called under the shared head; the title by default.
    """

    title: str
    dataset: str
    metric: str
    merge: dict[str, Any] = Field(default={})
    group: str | None = None
    head: str | None = None

    @model_validator(mode="after")
    def _head_under_a_group(self) -> "Column":
        if self.head is not None and self.group is None:
            raise ValueError("head is a column's title under a group: give the group, or no head")
        return self


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
    """One table of the paper: its columns, its published cells and its recipes.

    Attributes:
        blocks: which rows compete with each other, as parts of their `show`: a row belongs to the
            first block that it agrees with, and rows that agree with none are a block too. LaTeX
            sets the best of each block in bold and draws a rule between blocks.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    title: str
    source: str
    show: dict[str, str]
    columns: dict[str, Column]
    blocks: tuple[dict[str, Any], ...] = ()
    rows: tuple[Row, ...]

    @model_validator(mode="after")
    def _own_name(self) -> "Table":
        if self.name in RESERVED:
            raise ValueError(f"name {self.name!r} is that of another result; rename the table")
        return self

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
        for number, block in enumerate(self.blocks):
            for key in block:
                if key not in self.show:
                    raise ValueError(f"blocks.{number} names unknown column {key!r}")
        return self

    def block(self, row: Row) -> int:
        """The number of the block that a row belongs to."""
        agree = (all(row.show.get(k) == v for k, v in block.items()) for block in self.blocks)
        return next((number for number, yes in enumerate(agree) if yes), len(self.blocks))
