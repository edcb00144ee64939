"""What the study has measured so far, as one frame with a row for each number."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.study import background
from benchmarks.study.plan import AND, STAGES
from fame.core.errors import FameError
from fame.core.files import read_json
from fame.evaluate.bias.scores import SCORES, SHOWINGS
from fame.evaluate.results import read_result
from fame.pipeline.experiments import Experiments, result_file

COLUMNS = ["stage", "settings", "arm", "seed", "cell", "value"]
BIAS = ("original", *SHOWINGS, *SCORES, "follows_background")


def collect(work: Path, known: Path | None = None) -> pd.DataFrame:
    """Every finished number below the study's folder.

    Args:
        work: the folder.
        known: a CSV of an earlier `report`, for stages of which the folder has nothing.

    Returns:
        `stage`, `settings` (those that the stage tries, by name), `arm`, `seed`, `cell`
        (`task dataset metric`), `value` in percent (scores and `follows_background`: shares).
    """
    rows = [
        {"stage": stage, "settings": folder.name.split(AND)[0], **row}
        for stage in STAGES
        for folder in sorted((work / stage).glob("*"))
        if (folder / "scale.yaml").is_file()
        for row in _batch(folder)
    ]
    found = pd.DataFrame(rows, columns=COLUMNS)
    if known is None:
        return found
    if not known.is_file():
        raise FameError(f"{known} is not there; --known is a mini_study.csv that `report` wrote")
    earlier = pd.read_csv(known)
    if list(earlier.columns) != COLUMNS:
        raise FameError(f"{known} has other columns than a mini_study.csv that `report` wrote")
    earlier = earlier[~earlier["stage"].isin(set(found["stage"]))]
    return pd.concat([earlier, found], ignore_index=True) if len(found) else earlier


def _batch(folder: Path) -> Iterator[dict[str, Any]]:
    given = Experiments(str(folder / "scale.yaml"), folder / "tables")
    results = folder / "results" / given.scale.name / "evaluate"
    for table in given.tables.values():
        for cell in given.cells([table.name]):
            name = f"{cell.task} {cell.dataset} {cell.metric}"
            arm = table.rows[cell.row].show["arm"]
            for run in cell.runs:
                path = results / result_file(given.scale, run, cell.dataset, cell.task)
                if path.is_file():
                    value = read_result(path)["metrics"][cell.metric]
                    yield {"arm": arm, "seed": run.seed, "cell": name, "value": value}
    if given.figures is not None:
        yield from _bias(given, results)
    if (folder / background.NAME).is_file():
        for row in read_json(folder / background.NAME):
            cell = f"background {row['dataset']} {row['picture']}"
            named = {"arm": "background", "cell": cell}
            yield {**named, "seed": row["seed"], "value": row["value"]}


def _bias(given: Experiments, results: Path) -> Iterator[dict[str, Any]]:
    for dataset in given.bias_datasets():
        for arm in given.arms("bias"):
            for run in arm.runs:
                path = results / result_file(given.scale, run, dataset, "bias")
                found = read_result(path)["metrics"] if path.is_file() else {}
                for name in BIAS:
                    if name in found:
                        cell = f"bias {dataset} {name}"
                        yield {
                            "arm": arm.name,
                            "seed": run.seed,
                            "cell": cell,
                            "value": found[name],
                        }
