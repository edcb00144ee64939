"""Choose a learning rate for each compared method at mini by the rule of README.md.

`write FOLDER` writes the candidates' scales and their table. The ordinary workflow makes each:
`fame run results/rates.csv --scale FOLDER/rate0.05.yaml --tables FOLDER/tables --directory
FOLDER/rate0.05`. Then `judge FOLDER` reads their results, writes FOLDER/rates.csv, a line for each
training, and prints the chosen `rates`, as a scale's section `pretrain` holds them.
"""

import json
import math
import re
import sys
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from fame.config.reading import load_table, read_yaml
from fame.config.tables import COMPARISON, Recipe
from fame.core.cards import CARD
from fame.core.files import read_json
from fame.evaluate.results import read_result
from fame.pipeline.experiments import Cell, Experiments, result_file
from fame.pipeline.missing import reason
from fame.pipeline.paths import Places

CONFIG = Path(__file__).parents[2] / "config"
SEEDS = [90, 91]
RATES = (0.05, 0.15, 0.5)
TIE = 1.0
"""Percentage points: rates that are less below the best are as good as the best."""
LAST = 0.9
"""Share of the steps after which a training's pretext accuracy is taken."""
SIGMAS = 3
DIVERGED = re.compile(r"the loss is -?(nan|inf)|NaN or infinity|diverged")
TABLE = "rates"
PREFERRED = ("finetune", "linear", "retrieval")
"""Of a method's several rows that with the first of these tasks is searched."""
COLUMNS = ("ucf101", "diving48")


@dataclass(frozen=True)
class Training:
    """A training and its linear probes; what it did not reach is None.

    Attributes:
        outcome: `done`, `diverged`, or why a result is missing.
        ucf101, diving48: linear probe, top-1 in percent.
        accuracy, contrast: of the pretext task over the last tenth of the steps, in [0, 1].
        chance: of the accuracy, as the card has it.
        learnt: whether accuracy or contrast is above its chance.
    """

    method: str
    rate: float
    seed: int
    run: str
    outcome: str
    ucf101: float | None = None
    diving48: float | None = None
    accuracy: float | None = None
    contrast: float | None = None
    chance: float | None = None
    learnt: bool | None = None


@dataclass(frozen=True)
class Choice:
    """What the rule says of a method.

    Attributes:
        rate: the chosen one; None while trainings are missing, or if all rates diverge.
        means: by rate, the mean linear probe over both datasets and seeds.
        note: why, if the choice needs a word.
    """

    rate: float | None
    means: dict[float, float]
    note: str = ""


def name(rate: float) -> str:
    """A candidate's name."""
    return f"rate{rate:g}"


def write(folder: Path) -> None:
    """Write a scale file for each candidate, and the table of all methods."""
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    for rate in RATES:
        scale = read_yaml(CONFIG / "scales" / "mini.yaml") | {"seeds": SEEDS}
        scale["pretrain"]["optimiser"]["lr"] = rate
        scale["pretrain"]["rates"] = {}
        (folder / f"{name(rate)}.yaml").write_text(yaml.safe_dump(scale, sort_keys=False))
    text = yaml.safe_dump(table(), sort_keys=False)
    (folder / "tables" / f"{TABLE}.yaml").write_text(text)


def table() -> dict[str, Any]:
    """A table with a linear probe of each compared method, on two datasets."""
    columns = {
        key: {"title": key, "dataset": key, "metric": "top1", "task": "linear"} for key in COLUMNS
    }
    rows = [
        {"show": {"method": method}, "recipe": recipe.model_dump(exclude_none=True)}
        for method, recipe in recipes().items()
    ]
    return {
        "name": TABLE,
        "title": "The search for rates: linear probe",
        "source": "ours; accuracy in percent, on the validation worlds",
        "show": {"method": "Method"},
        "columns": columns,
        "rows": rows,
    }


def recipes() -> dict[str, Recipe]:
    """The recipe of each compared method of Tables 5 and 6, by the method's name."""
    found: dict[str, tuple[int, Recipe]] = {}
    for file in ("table5", "table6"):
        for row in load_table(CONFIG / "tables" / f"{file}.yaml").rows:
            if row.set != COMPARISON or row.recipe is None or row.task is None:
                continue
            rank, method = PREFERRED.index(row.task), str(row.recipe.method)
            if method not in found or rank < found[method][0]:
                found[method] = (rank, row.recipe)
    return {method: recipe for method, (_, recipe) in found.items()}


def trainings(folder: Path, rate: float) -> list[Training]:
    """All trainings of a candidate, finished or not."""
    given = Experiments(str(folder / f"{name(rate)}.yaml"), folder / "tables")
    places = Places.of(given.scale, folder / name(rate) / "results")
    cells: dict[int, dict[str, Cell]] = {}
    for cell in given.cells([TABLE]):
        cells.setdefault(cell.row, {})[cell.column] = cell
    return [
        training(given, places, rate, row, number)
        for row in cells.values()
        for number in range(len(SEEDS))
    ]


def training(
    given: Experiments, places: Places, rate: float, cells: dict[str, Cell], number: int
) -> Training:
    """One training: its probes, and whether it learnt its own task."""
    run = next(iter(cells.values())).runs[number]
    probes, outcome = {}, "done"
    for column, cell in cells.items():
        file = places.evaluations / result_file(given.scale, run, cell.dataset, cell.task)
        if file.is_file():
            probes[column] = float(read_result(file)["metrics"][cell.metric])
            continue
        why = reason(given.scale, run, cell.dataset, cell.task, places.evaluations)
        outcome = "diverged" if outcome == "diverged" or DIVERGED.search(why) else why
    facts: dict[str, Any] = {}
    if (places.run(run.id) / CARD).is_file():
        facts = learning(places.run(run.id), given.scale.pretrain.batch)
    return Training(run.method, rate, run.seed, run.id, outcome, **probes, **facts)


def learning(run: Path, batch: int) -> dict[str, Any]:
    """The pretext accuracy of a training's last tenth, and whether it is above chance.

    A method that also contrasts videos has learnt if either is above its own chance; that of a
    contrast is one of the batch, which no method's exceeds.
    """
    log = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    late = [one for one in log if one["step"] > LAST * max(one["step"] for one in log)]
    chance = read_json(run / CARD)["chance"]
    found: dict[str, Any] = {"chance": chance, "learnt": False}
    for key, guess in (("accuracy", chance), ("contrast", 1 / batch)):
        values = [one[key] for one in late if key in one]
        if values:
            found[key] = sum(values) / len(values)
            deviation = math.sqrt(guess * (1 - guess) / (batch * len(values)))
            found["learnt"] |= found[key] > guess + SIGMAS * deviation
    return found


def chosen(rows: list[Training]) -> Choice:
    """The rule of README.md for the trainings of one method."""
    means: dict[float, float] = {}
    learnt: set[float] = set()
    missing = [one for one in rows if one.outcome not in {"done", "diverged"}]
    for rate in RATES:
        mine = [one for one in rows if one.rate == rate]
        if len(mine) == len(SEEDS) and all(one.outcome == "done" for one in mine):
            values = [getattr(one, column) for one in mine for column in COLUMNS]
            means[rate] = sum(values) / len(values)
            learnt |= {rate} if all(one.learnt for one in mine) else set()
    if missing:
        return Choice(None, means, f"{len(missing)} of {len(rows)} trainings are missing")
    if not means:
        return Choice(None, means, "diverges with every rate")
    pool = learnt or set(means)
    best = max(means[rate] for rate in pool)
    rate = max(rate for rate in pool if best - means[rate] < TIE)
    return Choice(rate, means, "" if learnt else "has not learnt its own task with any rate")


def block(choices: dict[str, Choice], scales: float) -> str:
    """The lines of `pretrain.rates`: an entry for each method whose rate is not the scale's."""
    lines = [_line(method, one, scales) for method, one in choices.items()]
    entries = any(not line.startswith("  #") for line in lines)
    return "\n".join(["rates:" if entries else "rates: {}", *lines])


def _line(method: str, one: Choice, scales: float) -> str:
    means = ", ".join(f"{rate:g}: {mean:.1f} %" for rate, mean in one.means.items())
    why = "; ".join(filter(None, (means, one.note)))
    if one.rate is None:
        return f"  # {method}: no choice; {why}"
    return f"  {'# ' if one.rate == scales else ''}{method}: {one.rate:g}  # {why}"


def judge(folder: Path) -> None:
    """Write a line for each training, and print the choice for each method."""
    found = [one for rate in RATES for one in trainings(folder, rate)]
    columns = [field.name for field in fields(Training)]
    frame = pd.DataFrame([asdict(one) for one in found], columns=columns)
    frame.sort_values(["method", "rate", "seed"]).round(4).to_csv(folder / "rates.csv", index=False)
    scale = read_yaml(CONFIG / "scales" / "mini.yaml")
    methods = sorted({one.method for one in found})
    choices = {each: chosen([one for one in found if one.method == each]) for each in methods}
    print(block(choices, scale["pretrain"]["optimiser"]["lr"]))


if __name__ == "__main__":
    {"write": write, "judge": judge}[sys.argv[1]](Path(sys.argv[2]))
