"""From tables to runs: which encoders a scale trains, their names, and the cells that need them.

Pure data, no torch; used by the workflow and the report. Equal recipes have equal run ids, so an
encoder that several tables need is trained once.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any

from fame.config.datasets import Own, Synthetic
from fame.config.figures import Figures
from fame.config.methods import Methods, Section
from fame.config.reading import expand, load_figures, load_scale, load_table, parse
from fame.config.scale import Backbone, Merge, Scale
from fame.config.tables import Column, Recipe, Row, Table
from fame.core.errors import FameError
from fame.core.files import sha256
from fame.core.registry import check_name, declared
from fame.pipeline.tasks import WITH_CONFUSION, check_metric
from fame.pipeline.versions import RECIPE_VERSION

FIGURES = "figures"
"""The file in the tables' folder that says which encoders figures compare."""


class AbsentEncoder(FameError):
    """A recipe names a file of finished weights that does not exist."""


@dataclass(frozen=True)
class Run:
    """One encoder for one seed, with everything that defines it.

    Attributes:
        seed: of initialisation, of every random draw, and of the mini worlds.
        recipe: everything that defines the run, as plain JSON data; its hash is part of `id`.
        merge: how clips are merged, or None.
        pretrain: the dataset's key, or None for an untrained encoder.
        source: the file of finished weights, for an encoder made elsewhere; `method` is then
            `encoder`.
    """

    method: str
    backbone: str
    pretrain: str | None
    merge: Merge | None
    seed: int
    recipe: dict[str, Any]
    source: Path | None = None

    @cached_property
    def id(self) -> str:
        """A readable, unique name such as `moco-fame-r2plus1d-ucf101-s0-1a2b3c4d`."""
        names = [Path(self.method).stem]
        names += [self.weights] if self.source else []
        names += [Path(self.merge.mask).stem] if self.merge else []
        names += [self.backbone]
        names += [self.pretrain] if self.pretrain else []
        slug = "-".join(re.sub(r"[^A-Za-z0-9_]+", "_", name) for name in names)
        return f"{slug}-s{self.seed}-{digest(self.recipe)}"

    @property
    def weights(self) -> str:
        """A name for finished weights: their file's name, or the folder's of an `encoder.*`."""
        assert self.source is not None
        source = self.source
        return source.resolve().parent.name if source.stem == "encoder" else source.stem

    def data_id(self, scale: Scale) -> str | None:
        """The data instance that the run is trained on."""
        return data_id(scale, self.pretrain, self.seed) if self.pretrain else None


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


def digest(recipe: dict[str, Any]) -> str:
    """Eight hexadecimal digits that name a recipe."""
    text = json.dumps(recipe, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def data_id(scale: Scale, dataset: str, seed: int) -> str:
    """The data instance of a dataset: a mini world has one per seed."""
    if isinstance(scale.datasets[dataset], Synthetic):
        return f"{dataset}-w{seed}"
    return dataset


def split_data_id(scale: Scale, name: str) -> tuple[str, int | None]:
    """The inverse of `data_id`: the dataset's key, and the world's seed for a mini world."""
    match = re.fullmatch(r"(?P<dataset>.+)-w(?P<seed>\d+)", name)
    if match and isinstance(scale.datasets.get(match["dataset"]), Synthetic):
        return match["dataset"], int(match["seed"])
    if name not in scale.datasets or isinstance(scale.datasets[name], Synthetic):
        known = dict.fromkeys(data_id(scale, key, n) for key in scale.datasets for n in scale.seeds)
        raise FameError(
            f"scale {scale.name!r} has no data instance {name!r}; choose one of {', '.join(known)}"
        )
    return name, None


def plugin_digest(name: str) -> dict[str, str]:
    """The hash of a plug-in file's content, which is part of the recipe; empty for built-ins."""
    if not name.endswith(".py"):
        return {}
    try:
        content = Path(name).expanduser().read_bytes()
    except OSError as error:
        raise FameError(f"{name}: the plug-in file cannot be read ({error.strerror})") from None
    try:
        compile(content, name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise FameError(f"{name}: the plug-in file is not Python ({error}); correct it") from None
    return {name: hashlib.sha256(content).hexdigest()}


def used_sections(scale: Scale, method: str, dataset: str) -> dict[str, Section]:
    """The sections of `pretrain.methods` that a method declares, restricted to `dataset`.

    Raises:
        FameError: the method names an unknown section, or one that the scale lacks.
    """
    uses, given = declared("fame.pretext", method, "USES", ()), scale.pretrain.methods.given()
    if not isinstance(uses, tuple | list):
        raise FameError(f"the method {method!r}: USES must be a tuple of names, as ('moco',) is")
    for name in uses:
        if name not in Methods.model_fields:
            known = ", ".join(Methods.model_fields)
            raise FameError(
                f"the method {method!r} uses {name!r}, which is no section of pretrain.methods; "
                f"choose from {known}, or take settings from the recipe's options"
            )
        if name not in given:
            raise FameError(
                f"scale {scale.name!r}: pretrain.methods lacks {name}, which the method "
                f"{method!r} uses; add it as config/scales/mini.yaml has it"
            )
    try:
        return {name: given[name].on(dataset) for name in uses}
    except FameError as error:
        raise FameError(f"scale {scale.name!r}: {error}") from None


def dataset_plugin(scale: Scale, dataset: str) -> dict[str, str]:
    """The hash of the plug-in file that a dataset's entry names; empty for built-ins."""
    entry = scale.datasets[dataset]
    return {} if isinstance(entry, Own) else plugin_digest(entry.layout)


def _data_recipe(scale: Scale, dataset: str) -> dict[str, Any]:
    """The part of a dataset's entry that changes the videos; their location does not."""
    entry = scale.datasets[dataset]
    aside = {"root", "annotations", "title", "tolerance", "missing", "verify", "prepare"}
    recipe = {"name": dataset, **entry.model_dump(mode="json", exclude=aside)}
    if not isinstance(entry, Synthetic) and entry.prepare is not None:
        # Omitted if null, so that ids are the same as before copies existed.
        recipe["prepare"] = entry.prepare.model_dump(mode="json", exclude={"to", "shards"})
    if plugin := dataset_plugin(scale, dataset):
        recipe["plugin"] = plugin
    return recipe


def _encoder_recipe(backbone: Backbone) -> dict[str, Any]:
    recipe = backbone.model_dump(mode="json", exclude={"title"})
    # Omitted for built-in architectures: RECIPE_VERSION stands for changes to those.
    plugin = plugin_digest(backbone.encoder.arch)
    return recipe | ({"plugin": plugin} if plugin else {})


def _training_recipe(scale: Scale, recipe: Recipe, merge: Merge | None) -> dict[str, Any]:
    """The part of the scale's `pretrain` section that this recipe uses."""
    assert recipe.pretrain is not None and recipe.method is not None
    section = scale.pretrain.model_dump(mode="json", exclude={"merge", "monitor", "methods"})
    if recipe.pretrain not in scale.pretrain.epochs:
        raise FameError(
            f"scale {scale.name!r}: pretrain.epochs lacks {recipe.pretrain!r}, on which a recipe "
            "pretrains; add it"
        )
    section["epochs"] = scale.pretrain.epochs[recipe.pretrain]
    used = used_sections(scale, recipe.method, recipe.pretrain)
    section["methods"] = {name: one.model_dump(mode="json") for name, one in used.items()}
    section["merge"] = merge.model_dump(mode="json") if merge else None
    section["data"] = _data_recipe(scale, recipe.pretrain)
    section["max_short_side"] = scale.max_short_side
    section["options"] = recipe.options
    section["plugins"] = plugin_digest(merge.mask) if merge else {}
    return section


@lru_cache
def _weights_digest(source: Path, modified: int, size: int) -> str:
    """The file's SHA-256, computed once for all rows and seeds while the file is unchanged."""
    return sha256(source)


def _finished(scale: Scale, recipe: Recipe, seed: int) -> Run:
    """The run of an encoder made elsewhere; its recipe contains the hash of the weights."""
    assert recipe.encoder is not None
    try:
        source = expand(recipe.encoder)
    except FameError as error:
        raise AbsentEncoder(str(error)) from None
    if not source.is_file():
        raise AbsentEncoder(f"{source}: no such encoder; correct the recipe's path to it")
    status = source.stat()
    content = {
        "version": RECIPE_VERSION,
        "encoder": _weights_digest(source, status.st_mtime_ns, status.st_size),
        "backbone": _encoder_recipe(scale.backbones[recipe.backbone]),
        "seed": seed,
    }
    return Run("encoder", recipe.backbone, None, None, seed, content, source)


def resolve(scale: Scale, recipe: Recipe, refine: dict[str, Any], seed: int) -> Run:
    """The run of a row's recipe at a scale; `refine` holds the column's `merge` keys."""
    if recipe.method is None:
        return _finished(scale, recipe, seed)
    check_name("fame.pretext", recipe.method)
    backbone = scale.backbones[recipe.backbone]
    content: dict[str, Any] = {
        "version": RECIPE_VERSION,
        "method": recipe.method,
        "plugin": plugin_digest(recipe.method),
        "backbone": _encoder_recipe(backbone),
        "seed": seed,
    }
    if recipe.pretrain is None:
        return Run(recipe.method, recipe.backbone, None, None, seed, content)
    merge = None
    if recipe.merge is not None:
        chosen = scale.pretrain.merge.model_dump() | recipe.merge | refine
        merge = parse(Merge, chosen, f"recipe of {recipe.method!r}: merge")
        check_name("fame.augment.masks", merge.mask)
    content["pretrain"] = _training_recipe(scale, recipe, merge)
    return Run(recipe.method, recipe.backbone, recipe.pretrain, merge, seed, content)


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
    )


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


def cells(scale: Scale, table: Table) -> Iterator[Cell]:
    """The cells of a table that this scale measures.

    Raises:
        AbsentEncoder: a row names weights that do not exist.
    """
    for number in range(len(table.rows)):
        yield from _cells_of_row(scale, table, number)


def _cells_of_row(scale: Scale, table: Table, number: int) -> list[Cell]:
    row, measured = table.rows[number], []
    for name, column in table.columns.items():
        if row.recipe is None or row.task is None or measurable(scale, row, column):
            continue
        check_metric(scale, row.task, column.metric, f"{table.name}, column {name}")
        try:
            runs = tuple(resolve(scale, row.recipe, column.merge, seed) for seed in scale.seeds)
        except AbsentEncoder as error:
            raise AbsentEncoder(f"{table.name}, row {number + 1}: {error}") from None
        measured.append(Cell(number, name, row.task, column.dataset, column.metric, runs))
    return measured


class Experiments:
    """A scale and its tables: everything that the workflow looks up.

    Args:
        scale: the scale's name or path.
        tables: the folder of table files; its `figures.yaml` says which encoders figures compare.

    Attributes:
        folder: the folder of table files.
        figures: the figures file, or None if the folder has none.
        absent: a sentence for each row or arm whose finished weights do not exist. Only that table
            or figure fails; `runs` leaves such runs out. Filled by `runs`.
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
        self.figures: Figures | None = load_figures(figures) if figures else None
        self.absent: list[str] = []

    def table(self, name: str) -> Table:
        """A table by name."""
        if name not in self.tables:
            raise FameError(f"there is no table {name!r} (known: {', '.join(self.tables)})")
        return self.tables[name]

    @cached_property
    def runs(self) -> dict[str, Run]:
        """Every run that a table or figure needs, by id; equal recipes appear once."""
        by_id: dict[str, Run] = {}
        for runs in self._run_lookups():
            try:
                by_id |= {run.id: run for run in runs()}
            except AbsentEncoder as error:
                self.absent.append(str(error))
        return by_id

    def _run_lookups(self) -> Iterator[Callable[[], list[Run]]]:
        """Functions that give the runs of each row of each table and of each arm of the figures."""
        for table in self.tables.values():
            for number in range(len(table.rows)):
                yield partial(self._runs_of_row, table, number)
        if self.figures is not None:
            for name in self.figures.compared:
                yield partial(self._runs_of_arm, name)

    def _runs_of_row(self, table: Table, number: int) -> list[Run]:
        cells = _cells_of_row(self.scale, table, number)
        return [run for cell in cells for run in cell.runs]

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
        if name not in self.runs:
            absent = "".join(f"; {sentence}" for sentence in self.absent)
            raise FameError(
                f"no table or figure asks for the run {name!r} at scale {self.scale.name!r}; "
                f"the recipe may have changed since it was named (see `fame runs`){absent}"
            )
        return self.runs[name]

    def cells(self, names: Iterable[str]) -> Iterator[Cell]:
        """The measured cells of the named tables."""
        for name in names:
            yield from cells(self.scale, self.table(name))

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
