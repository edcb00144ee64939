"""The schema of a table file: columns, published cells, and the recipe of each row."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from fame.core.registry import names
from fame.core.schema import Model

FIGURES = tuple(names("fame.report.figures"))
"""Names of files in `results` that are neither tables nor the page."""

COMPARISON = "comparison"
"""The target that measures every row, and the set of rows that only it measures."""

WHOLE = "_all"
"""The end of a table's name with every row measured."""

RESERVED = {"all", "report", COMPARISON, *FIGURES}
"""Names of other targets; tables cannot have these names."""


class Recipe(Model):
    """The recipe of a table's row; everything else comes from the scale.

    Attributes:
        method: a file of fame/pretext by its name or path; `random` means no training.
        encoder: instead of a method, a file with finished weights: an `encoder.safetensors` of
            ours, a checkpoint of the authors, or torchvision's r2plus1d_18. It may contain `~`,
            `$NAME` and `${NAME:-default}`.
        backbone, pretrain: keys of the scale's `backbones` and `datasets`.
        merge: differences from the scale's `pretrain.merge`; null means no merging.
        options: the method's own settings, for methods that have some.
        own_options: settings of the published protocol, which a scale with `protocol: own` takes
            instead of `options`; None for a method that has one protocol only.
    """

    method: str | None = None
    encoder: str | None = None
    backbone: str
    pretrain: str | None = None
    merge: dict[str, Any] | None = None
    options: dict[str, Any] = Field(default={})
    own_options: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _two_protocols(self) -> "Recipe":
        if self.own_options is not None and not self.options:
            raise ValueError("own_options replace options: give both, or remove own_options")
        return self

    def options_in(self, protocol: str) -> dict[str, Any]:
        """The method's settings at a scale that asks for a protocol, `own` or `fame`."""
        published = self.own_options if protocol == "own" else None
        return self.options if published is None else published

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
    """A measured column: `metric` of a task on `dataset`.

    Attributes:
        title: the column's title.
        dataset: a key of the scale's `datasets`.
        metric: one that the task states, such as `top1`.
        task: of the column's cells, instead of their rows' own.
        merge: keys of the recipe's `merge` that differ in this column.
        lower_is_better: whether the lowest number is the best, as of a bias.
        group: in LaTeX, a heading shared with neighbouring columns; None for no heading.
        head: the title under the shared heading; by default `title`.
    """

    title: str
    dataset: str
    metric: str
    task: str | None = None
    lower_is_better: bool = False
    merge: dict[str, Any] = Field(default={})
    group: str | None = None
    head: str | None = None

    @model_validator(mode="after")
    def _head_under_a_group(self) -> "Column":
        if self.head is not None and self.group is None:
            raise ValueError(
                "head is the title under a group's heading: give a group, or remove head"
            )
        return self


class Row(Model):
    """A row: its description, its published cells, and, if it is measured, its recipe and task.

    Without a task of its own, it is measured by the tasks that the columns name.

    Attributes:
        show: what describes the row, by the keys of the table's `show`.
        published: the published cells by the columns' keys; null if the paper leaves one empty.
        task: a file of fame/evaluate/tasks by its name.
        recipe: how the row's encoder is made; without one the row is only quoted.
        set: `core`, or `comparison` for a row that is measured only at a scale with `rows: all`
            and by the target of that name.
    """

    show: dict[str, Any]
    published: dict[str, float | None] = Field(default={})
    set: Literal["core", "comparison"] = "core"
    task: str | None = None
    recipe: Recipe | None = None

    @model_validator(mode="after")
    def _complete(self) -> "Row":
        if self.task is not None and self.recipe is None:
            raise ValueError("a measured row needs both task and recipe")
        if self.set == COMPARISON and self.recipe is None:
            raise ValueError("a row of the comparison needs a recipe; without one, remove set")
        return self

    def task_in(self, column: Column) -> str | None:
        """The task of a cell; None if neither its column nor its row names one."""
        return column.task or self.task


class Table(Model):
    """One table of the paper: its columns, its published cells and its recipes.

    Attributes:
        name: the file's name without .yaml; results are called so.
        title: the table's heading.
        source: what its cells are, and where the published ones were read.
        show: the titles of the columns that describe a row, by their keys.
        columns: the measured columns by their keys.
        rows: the rows, from top to bottom.
        blocks: sets of rows that compete with each other, given by `show` values: a row belongs to
            the first block that it matches, and the rest form a block too. LaTeX sets the best of
            each block in bold and draws a rule between blocks.
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
            raise ValueError(f"name {self.name!r} is taken by another result; rename the table")
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

    @model_validator(mode="after")
    def _tasks(self) -> "Table":
        for number, row in enumerate(self.rows):
            for key, column in self.columns.items():
                if row.recipe is not None and row.task_in(column) is None:
                    raise ValueError(
                        f"rows.{number} and column {key!r} name no task: a measured row needs both "
                        "task and recipe, unless each column has a task"
                    )
        return self

    def tasks(self, row: Row) -> tuple[str, ...]:
        """The tasks that measure a row, without repeats; none if it is quoted only."""
        if row.recipe is None:
            return ()
        names = (row.task_in(column) for column in self.columns.values())
        return tuple(dict.fromkeys(name for name in names if name))

    def block(self, row: Row) -> int:
        """The number of the block that a row belongs to."""
        agree = (all(row.show.get(k) == v for k, v in block.items()) for block in self.blocks)
        return next((number for number, yes in enumerate(agree) if yes), len(self.blocks))

    @property
    def leaves_out(self) -> bool:
        """Whether there are rows that only the comparison measures."""
        return any(row.set == COMPARISON for row in self.rows)

    def whole(self) -> "Table":
        """The table with every row measured, as `<name>_all`; what `comparison` makes of it."""
        rows = tuple(row.model_copy(update={"set": "core"}) for row in self.rows)
        changes = {"name": f"{self.name}{WHOLE}", "title": f"{self.title}; every row", "rows": rows}
        return self.model_copy(update=changes)
