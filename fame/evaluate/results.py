"""Files of an evaluation: one small JSON, and predictions for each video beside it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

import fame
from fame.core.errors import FameError
from fame.core.files import read_json, replacing

KEYS: dict[str, type] = {
    "task": str,
    "run": str,
    "data": str,
    "dataset": str,
    "seed": int,
    "metrics": dict,
    "details": dict,
    "fame": str,
}
"""The keys of a result file and the type of each value."""


def write_result(
    path: Path,
    *,
    task: str,
    run: str,
    data: str,
    dataset: str,
    seed: int,
    metrics: dict[str, float],
    details: dict[str, Any],
) -> None:
    """Write one result atomically.

    Args:
        path: the `.json` file.
        task: `linear`, `finetune`, `retrieval` ...
        run: id of the evaluated run.
        data: id of the data instance (of one seed's mini world, for example).
        dataset: the dataset's key in the scale.
        seed: of the run.
        metrics: finite numbers by name; accuracies in percent, 0 to 100.
        details: anything else that JSON can hold.

    Raises:
        FameError: if a metric is not a finite number.
    """
    for name, value in metrics.items():
        if not np.isfinite(value):
            raise FameError(f"{path}: metric {name!r} is {value}, so the run {run} is unusable")
    content = {
        "task": task,
        "run": run,
        "data": data,
        "dataset": dataset,
        "seed": int(seed),
        "metrics": {name: float(value) for name, value in metrics.items()},
        "details": details,
        "fame": fame.__version__,
    }
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    with replacing(path) as file:
        file.write(f"{text}\n".encode())


def read_result(path: Path) -> dict[str, Any]:
    """Read what `write_result` wrote.

    Raises:
        FameError: if the file is missing, is not JSON or lacks a key.
    """
    content: dict[str, Any] = read_json(path)
    fault = _fault(content)
    if fault:
        raise FameError(f"{path}: not a result file ({fault}); evaluate again")
    return content


def _fault(content: Any) -> str | None:
    """What is wrong with a result's structure, or None."""
    if not isinstance(content, dict):
        return "it is not a JSON object"
    for key, kind in KEYS.items():
        if key not in content:
            return f"it lacks {key!r}"
        if not isinstance(content[key], kind) or isinstance(content[key], bool):
            return f"{key!r} is not of type {kind.__name__}"
    for name, value in content["metrics"].items():
        if not isinstance(value, float | int) or isinstance(value, bool):
            return f"metric {name!r} is not a number"
    return None


def write_predictions(
    path: Path,
    videos: npt.NDArray[np.str_],
    labels: npt.NDArray[np.int64],
    scores: npt.NDArray[np.floating],
) -> None:
    """Write a parquet file with one row per video: video, label, prediction, scores.

    The prediction is the highest score's class, the lowest index among equals.

    Args:
        path: the `.parquet` file, written atomically.
        videos: (N,) video ids.
        labels: (N,) true classes.
        scores: (N, classes), higher is likelier; kept as float32.

    Raises:
        FameError: if the lengths differ.
    """
    if not len(videos) == len(labels) == len(scores):
        lengths = f"{len(videos)} videos, {len(labels)} labels and {len(scores)} rows of scores"
        raise FameError(f"{path}: predictions need equal lengths, not {lengths}")
    columns = {
        "video": [str(video) for video in videos],
        "label": np.asarray(labels, dtype=np.int64),
        "prediction": scores.argmax(axis=1).astype(np.int64),
        "scores": list(scores.astype(np.float32)),
    }
    write_columns(path, columns)


def write_columns(path: Path, columns: Mapping[str, Sequence[Any]]) -> None:
    """Write a parquet file atomically, from columns of equal length."""
    with replacing(path) as file:
        pd.DataFrame(columns).to_parquet(file, index=False)
