"""What the mini study consists of: plan.yaml, and the scale and table files that it amounts to."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field

from fame.config.reading import parse, read_yaml, scale_path
from fame.config.tables import Recipe
from fame.core.errors import FameError
from fame.core.schema import Model

PLAN = Path(__file__).with_name("plan.yaml")
AND = "+"
"""Between the settings that a stage tries and others that a batch needs, in its name."""

ROOT = Path(__file__).resolve().parents[2]
TASKS = ("linear", "retrieval", "finetune")
STAGES = ("world", "search", "finetuning", "final", "ablations", "real")

Overrides = dict[str, Any]
"""Settings of a scale by their dotted path, such as `pretrain.optimiser.lr`."""


class Arm(Model):
    """A way of pretraining."""

    title: str
    recipe: Recipe


class Ablation(Model):
    """FAME's recipe but for how clips are merged."""

    title: str
    merge: dict[str, Any]


class Borrowed(Model):
    """A dataset of another scale file."""

    file: str
    dataset: str


class Stage(Model):
    """Worlds, and what is measured in them; a cell reads `task dataset metric`.

    A stage on `filmed` videos takes that scale file as it is, with datasets of other files beside
    its own; every other stage takes mini's with the plan's `common` settings.
    """

    seeds: Annotated[tuple[int, ...], Field(min_length=1)]
    cells: Annotated[tuple[str, ...], Field(min_length=1)]
    bias: tuple[str, ...] = ()
    background: tuple[str, ...] = ()
    filmed: str | None = None
    borrow: dict[str, Borrowed] = Field(default_factory=dict)

    @property
    def tasks(self) -> list[str]:
        """What is measured, each task once."""
        return list(dict.fromkeys(cell.split()[0] for cell in self.cells))


class Pair(Model):
    """`better` is held to be better than `worse` in a cell."""

    better: str
    worse: str
    cell: str


class Plan(Model):
    """The whole of plan.yaml."""

    common: Overrides
    reference: Arm
    arms: dict[str, Arm]
    ablations: dict[str, Ablation]
    candidates: dict[str, Overrides]
    finetuning: dict[str, Overrides]
    stages: dict[str, Stage]
    primary: tuple[Pair, ...]
    secondary: Literal["all"]


@dataclass(frozen=True)
class Batch:
    """Arms that are trained and measured with the same settings: one call of the workflow.

    Attributes:
        name: of its folder.
        arms: titles and recipes by key.
        overrides: what differs from the stage's own settings.
    """

    name: str
    arms: Mapping[str, Arm]
    overrides: Overrides


def load(path: Path = PLAN) -> Plan:
    """The plan, checked."""
    return parse(Plan, read_yaml(path), path)


def ablation_arms(plan: Plan) -> dict[str, Arm]:
    """The ablations as arms: FAME's recipe, merged otherwise."""
    recipe = plan.arms["fame"].recipe
    return {
        name: Arm(title=one.title, recipe=recipe.model_copy(update={"merge": one.merge}))
        for name, one in plan.ablations.items()
    }


def put(settings: dict[str, Any], path: str, value: Any) -> None:
    """Replace one setting of nested ones.

    Raises:
        FameError: there is none at that path; a plan cannot invent settings.
    """
    *parents, last = path.split(".")
    place = settings
    for key in parents:
        place = place.get(key, {})
    if last not in place:
        raise FameError(f"the study changes {path}, which the scale does not have")
    place[last] = value


def scale(plan: Plan, stage: str, batch: Batch) -> dict[str, Any]:
    """The scale file of a batch: the stage's own settings, its seeds, and the batch's settings."""
    chosen = plan.stages[stage]
    settings = read_yaml(ROOT / chosen.filmed if chosen.filmed else scale_path("mini"))
    settings["name"] = f"study-{stage}"
    settings["note"] = "the mini study: small networks, a few hundred steps (docs/mini_study.md)"
    settings["seeds"] = list(chosen.seeds)
    for name, other in chosen.borrow.items():
        settings["datasets"][name] = read_yaml(ROOT / other.file)["datasets"][other.dataset]
    common = {} if chosen.filmed else plan.common
    for path, value in {**common, **batch.overrides}.items():
        put(settings, path, value)
    return settings


def named(task: str) -> str:
    """The table of a task; the workflow calls all tables so."""
    return f"table{1 + TASKS.index(task)}"


def tables(arms: Mapping[str, Arm], stage: Stage) -> dict[str, dict[str, Any]]:
    """Table files by name: one for each task, a row for each arm, a column for each dataset."""
    cells = [cell.split() for cell in stage.cells]
    return {
        named(task): {
            "name": named(task),
            "title": f"The mini study: {task}",
            "source": "no published cells",
            "show": {"arm": "Arm"},
            "columns": {
                dataset: {"title": f"{dataset} {metric}", "dataset": dataset, "metric": metric}
                for name, dataset, metric in cells
                if name == task
            },
            "rows": [
                {"show": {"arm": name}, "published": {}, "task": task}
                | {"recipe": arm.recipe.model_dump(mode="json")}
                for name, arm in arms.items()
            ],
        }
        for task in stage.tasks
    }


def figures(arms: Mapping[str, Arm], datasets: tuple[str, ...]) -> dict[str, Any]:
    """A figures file that has the bias of every arm measured."""
    known = {
        name: {"title": arm.title, "recipes": [arm.recipe.model_dump(mode="json")]}
        for name, arm in arms.items()
    }
    names = {"arms": list(arms)}
    bias = {**names, "datasets": list(datasets)}
    return {"arms": known, "bias": bias, "figure1": names, "figure3": names}


def prepare(plan: Plan, stage: str, batch: Batch, folder: Path) -> tuple[Path, Path]:
    """Write a batch's scale and tables below a folder; returns the file and the folder of tables.

    What is there and equal stays untouched, so that finished work stays finished.
    """
    chosen = plan.stages[stage]
    files = {
        folder / "tables" / f"{name}.yaml": content
        for name, content in tables(batch.arms, chosen).items()
    }
    if chosen.bias:
        files[folder / "tables" / "figures.yaml"] = figures(batch.arms, chosen.bias)
    files[folder / "scale.yaml"] = scale(plan, stage, batch)  # last: it says that all is there
    for path, content in files.items():
        text = yaml.safe_dump(content, sort_keys=False)
        if not path.is_file() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return folder / "scale.yaml", folder / "tables"
