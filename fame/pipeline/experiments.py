"""From tables to runs: which encoders a scale trains, their names, and the cells that need them.

Pure data, no torch; used by the workflow and the report. Equal recipes have equal run ids, so an
encoder that several tables need is trained once.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from fame.config.datasets import Own
from fame.config.figures import Figures
from fame.config.reading import load_figures, load_scale, load_table
from fame.config.scale import Scale
from fame.config.tables import COMPARISON, Column, Recipe, Row, Table
from fame.core.errors import FameError
from fame.pipeline.paths import BIAS
from fame.pipeline.runs import AbsentEncoder, Run, data_id, resolve
from fame.pipeline.tasks import ON_FEATURES, WITH_CONFUSION, check_metric, features_of

FIGURES = "figures"
"""The file in the tables' folder that says which encoders figures compare."""

LEFT_OUT = f"left out of the quick table: make {COMPARISON}"
"""Why a row of the comparison is not measured at a scale with `rows: core`."""


@dataclass(frozen=True)
class Arm:
    """An encoder that figures compare: one run per seed."""

    name: str
    title: str
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class Cell:
    """One measured number of a table: a task on a dataset, with one run per seed."""

    row: int
    column: str
    task: str
    dataset: str
    metric: str
    runs: tuple[Run, ...]


def untrainable(scale: Scale, recipe: Recipe) -> str | None:
    """Why a scale cannot make a recipe's encoder; None if it can."""
    if recipe.backbone not in scale.backbones:
        return f"backbone {recipe.backbone} is not part of scale {scale.name}"
    return _absent(scale, recipe.pretrain)


def measurable(scale: Scale, row: Row, column: Column) -> str | None:
    """Why a row cannot be measured in a column at this scale; None if it can."""
    if row.recipe is None:
        return "quoted only"
    return (
        untrainable(scale, row.recipe)
        or _absent(scale, column.dataset)
        or unlabelled(scale, column.dataset)
        or _unprobed(scale, row.task_in(column))
        or (LEFT_OUT if row.set == COMPARISON and scale.rows == "core" else None)
    )


def _unprobed(scale: Scale, task: str | None) -> str | None:
    """Why a scale gives no bias probes; None if it does, or if the task is another."""
    if task in ON_FEATURES and BIAS in features_of(scale, task) and not scale.evaluate.bias:
        return f"scale {scale.name} has no bias probes (evaluate.bias)"
    return None


def _absent(scale: Scale, dataset: str | None) -> str | None:
    if dataset is None or dataset in scale.datasets:
        return None
    return f"dataset {dataset} is not part of scale {scale.name}"


def unlabelled(scale: Scale, dataset: str) -> str | None:
    """Why nothing can be evaluated on a dataset whose entry declares no labels; else None."""
    entry = scale.datasets.get(dataset)
    if not isinstance(entry, Own) or entry.labels != "none":
        return None
    return f"dataset {dataset} has no labels, so it can only be pretrained on"


def _cells_of_row(scale: Scale, table: Table, number: int) -> list[Cell]:
    row, measured = table.rows[number], []
    for name, column in table.columns.items():
        task = row.task_in(column)
        if row.recipe is None or task is None or measurable(scale, row, column):
            continue
        check_metric(scale, task, column.metric, f"{table.name}, column {name}")
        try:
            runs = tuple(resolve(scale, row.recipe, column.merge, seed) for seed in scale.seeds)
        except AbsentEncoder as error:
            raise AbsentEncoder(f"{table.name}, row {number + 1}: {error}") from None
        measured.append(Cell(number, name, task, column.dataset, column.metric, runs))
    return measured


class Experiments:
    """A scale and its tables: everything that the workflow looks up.

    Args:
        scale: the scale's name or path.
        tables: the folder of table files; its `figures.yaml` says which encoders figures compare.

    Attributes:
        folder: the folder of table files.
        tables: the tables by name, with the rows measured that the scale chooses.
        comparison: by name, tables with every row measured, of those that have rows of the
            comparison: what the target `comparison` makes. Runs that both need are the same.
        figures: the figures file, or None if the folder has none.
        absent: a sentence for each row or arm whose finished weights do not exist. Only that table
            or figure fails; `runs` leaves such runs out. Filled by `runs` and `comparison_runs`.
    """

    def __init__(self, scale: str, tables: Path) -> None:
        self.scale = load_scale(scale)
        self.folder = tables
        files = {file.stem: file for file in sorted(tables.glob("*.yaml"))}
        figures = files.pop(FIGURES, None)
        if not files:
            raise FameError(
                f"{tables}: no table files (*.yaml) there; name their folder by --tables"
            )
        self.tables = {name: load_table(file) for name, file in files.items()}
        whole = (table.whole() for table in self.tables.values() if table.leaves_out)
        self.comparison = {table.name: table for table in whole}
        self.figures: Figures | None = load_figures(figures) if figures else None
        self.absent: list[str] = []
        self._cells: dict[tuple[str, int], list[Cell]] = {}

    def table(self, name: str) -> Table:
        """A table by name, one of the comparison too."""
        if name not in self.every_table:
            raise FameError(f"there is no table {name!r} (known: {', '.join(self.every_table)})")
        return self.every_table[name]

    @property
    def every_table(self) -> dict[str, Table]:
        """The tables, and those of the comparison."""
        return self.tables | self.comparison

    @cached_property
    def runs(self) -> dict[str, Run]:
        """Every run that a table or figure needs, by id; equal recipes appear once."""
        arms = self.figures.compared if self.figures is not None else []
        return self._by_id(
            [*self._rows_of(self.tables), *(partial(self._runs_of_arm, name) for name in arms)]
        )

    @cached_property
    def comparison_runs(self) -> dict[str, Run]:
        """Every run that the target `comparison` needs, by id."""
        return self._by_id(self._rows_of(self.comparison))

    @property
    def every_run(self) -> dict[str, Run]:
        """Every run by id, those of the comparison too."""
        return self.runs | self.comparison_runs

    def _by_id(self, lookups: Iterable[Callable[[], list[Run]]]) -> dict[str, Run]:
        by_id: dict[str, Run] = {}
        for runs in lookups:
            try:
                by_id |= {run.id: run for run in runs()}
            except AbsentEncoder as error:
                self.absent.append(str(error))
        return by_id

    def _rows_of(self, tables: dict[str, Table]) -> Iterator[Callable[[], list[Run]]]:
        """Functions that give the runs of each row."""
        for table in tables.values():
            for number in range(len(table.rows)):
                yield partial(self._runs_of_row, table, number)

    def _runs_of_row(self, table: Table, number: int) -> list[Run]:
        return [run for cell in self._cells_of_row(table, number) for run in cell.runs]

    def _cells_of_row(self, table: Table, number: int) -> list[Cell]:
        """Looked up once: tables, figures and the page ask for the same rows."""
        key = table.name, number
        if key not in self._cells:
            self._cells[key] = _cells_of_row(self.scale, table, number)
        return self._cells[key]

    def _runs_of_arm(self, name: str) -> list[Run]:
        arm = self._arm(name)
        return list(arm.runs) if arm else []

    def arms(self, figure: str) -> list[Arm]:
        """The arms of a figure (such as `figure1`) that this scale can train; none for others.

        Raises:
            FameError: the folder of tables holds no figures file.
            AbsentEncoder: an arm names weights that do not exist.
        """
        if self.figures is None:
            raise FameError(f"the folder of tables holds no {FIGURES}.yaml, which {figure} needs")
        arms = (self._arm(name) for name in self.figures.arms_of(figure))
        return [arm for arm in arms if arm is not None]

    def bias_datasets(self) -> list[str]:
        """The datasets of this scale on which background bias is measured; may be empty."""
        if self.figures is None or self.scale.evaluate.bias is None:
            return []
        return [
            name
            for name in self.figures.bias.datasets
            if name in self.scale.datasets and not unlabelled(self.scale, name)
        ]

    def _arm(self, name: str) -> Arm | None:
        assert self.figures is not None
        arm = self.figures.arms[name]
        for recipe in arm.recipes:
            if untrainable(self.scale, recipe) is not None:
                continue
            try:
                runs = tuple(resolve(self.scale, recipe, {}, seed) for seed in self.scale.seeds)
            except AbsentEncoder as error:
                raise AbsentEncoder(f"{FIGURES}.yaml, arm {name}: {error}") from None
            return Arm(name, arm.title, runs)
        return None

    def run(self, name: str) -> Run:
        """A run by id."""
        # Those of the comparison, which take time to look up, only if they are needed.
        found = self.runs.get(name) or self.comparison_runs.get(name)
        if found is None:
            absent = "".join(f"; {sentence}" for sentence in self.absent)
            raise FameError(
                f"no table or figure asks for the run {name!r} at scale {self.scale.name!r}; "
                f"the recipe may have changed since it was named (see `fame runs`){absent}"
            )
        return found

    def cells(self, names: Iterable[str]) -> Iterator[Cell]:
        """The cells of the named tables that this scale measures.

        Raises:
            AbsentEncoder: a row names weights that do not exist.
        """
        for table in map(self.table, names):
            for number in range(len(table.rows)):
                yield from self._cells_of_row(table, number)

    def results(self, names: Iterable[str]) -> list[str]:
        """Result files that the named tables need: `<run>/<data>/<task>.json`, without repeats."""
        files: dict[str, None] = {}
        for cell in self.cells(names):
            for run in cell.runs:
                files[result_file(self.scale, run, cell.dataset, cell.task)] = None
        return list(files)

    def nodes_of(self, run: str) -> int:
        """The number of machines that train a run's encoder; 1 if nothing is trained."""
        return self.scale.resources.nodes if self.run(run).pretrain else 1

    def gpus_of(self, run: str) -> int:
        """The number of GPUs that train a run's encoder; at most 1 if nothing is trained."""
        gpus = self.nodes_of(run) * self.scale.resources.gpus
        return gpus if self.run(run).pretrain else min(1, gpus)

    def confusions(self) -> list[str]:
        """The confusion matrices beside the results of all tables."""
        return [
            name.removesuffix(".json") + ".confusion.csv"
            for name in self.results(self.tables)
            if Path(name).stem in WITH_CONFUSION
        ]


def result_file(scale: Scale, run: Run, dataset: str, task: str) -> str:
    """The path of a result below `results/<scale>/evaluate/`."""
    return f"{run.id}/{data_id(scale, dataset, run.seed)}/{task}.json"
