"""Tasks: what each one declares, and what a scale makes of it. No torch.

A task evaluates an encoder on a dataset and is one file of fame/evaluate/tasks. The file holds
`TASK = Task(...)`, whose arguments are literals: they are read here without running the file, which
imports torch. The steps, the rules, the tables and `fame evaluate` read them.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, get_args

from fame.config.normalisation import Normalisation
from fame.config.scale import Scale
from fame.core import registry
from fame.core.errors import FameError
from fame.pipeline import versions

PACKAGE = "fame.evaluate.tasks"

_IN_SCALE = re.compile(r"\{([\w.]+)\}")
"""A dotted key of the scale in a declaration."""

_FEATURES = {"normalised": "pretraining"}
"""What a scale calls features, where that is not their name."""


@dataclass(frozen=True)
class Task:
    """The declaration of a task.

    A key of the scale in braces is replaced by its values: `r{evaluate.retrieval.ranks}` becomes
    r1, r5 ...

    Attributes:
        does: a sentence for the help of its command.
        settings: the parts of the scale that decide its result, given features or encoder, as
            dotted keys; of a part with names, each name is a setting.
        metrics: what a table may show; none for a task that tables do not have.
        undefinable: those of them that a result lacks where they are undefined.
        features: the names of the features that it reads; none for a task that runs the encoder.
        files: suffixes of the files beside its result.
        on_worlds: whether it reads, beside encoder and videos, the world that these are of.
        version: raised when an edit changes what its results mean.
    """

    does: str
    settings: tuple[str, ...]
    metrics: tuple[str, ...] = ()
    undefinable: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    files: tuple[str, ...] = (".parquet",)
    on_worlds: bool = False
    version: int = 1


TASKS = {
    name: registry.constructed(registry.source_of(PACKAGE, name), "TASK", Task)
    for name in registry.names(PACKAGE)
}
"""Every task by the name of its file, rule, command and result."""

OF_TABLES = tuple(name for name, task in TASKS.items() if task.metrics)
"""The tasks that a table's row may use."""

ON_FEATURES = tuple(name for name, task in TASKS.items() if task.features)
"""The tasks that read features only; one rule and one kind of command serves them all."""

WITH_CONFUSION = tuple(name for name, task in TASKS.items() if ".confusion.csv" in task.files)
"""The tasks that write a confusion matrix."""


def settings_of(scale: Scale, task: str) -> dict[str, Any]:
    """The values of a scale that decide a task's result, as JSON data."""
    settings: dict[str, Any] = {}
    for key in TASKS[task].settings:
        value = _value(scale, key)
        settings |= value if isinstance(value, dict) else {key.rpartition(".")[2]: value}
    return settings


def metrics_of(scale: Scale, task: str) -> tuple[str, ...]:
    """The metrics that a table may show of a task."""
    return _filled(scale, TASKS[task].metrics)


def features_of(scale: Scale, task: str) -> tuple[str, ...]:
    """The names of the features that a task reads at a scale, without repeats."""
    names = _filled(scale, TASKS[task].features)
    return tuple(dict.fromkeys(_FEATURES.get(name, name) for name in names))


def normalisations_of(scale: Scale) -> tuple[Normalisation, ...]:
    """The normalisations in which a scale's features of unaltered clips are needed.

    The rule `features` makes one file for each, the rule `conditions` that of altered clips.
    """
    needed = {name for task in ON_FEATURES for name in features_of(scale, task)}
    return tuple(name for name in get_args(Normalisation) if name in needed)


def _filled(scale: Scale, texts: tuple[str, ...]) -> tuple[str, ...]:
    """Each text, or one for each value of the key that it names."""
    names: list[str] = []
    for text in texts:
        key = _IN_SCALE.search(text)
        values = _value(scale, key[1]) if key else [""]
        values = values if isinstance(values, list) else [values]
        names += [_IN_SCALE.sub(str(value), text) for value in values]
    return tuple(names)


def _value(scale: Scale, key: str) -> Any:
    return json.loads(scale.section(*key.split(".")))


def versions_of(name: str) -> dict[str, int]:
    """The numbers that a result depends on, for its file's details.

    Args:
        name: `features`, `conditions` or a task.
    """
    of_features = {"features": versions.FEATURES_VERSION}
    if name in {"features", "conditions"}:
        return of_features
    own = {name: TASKS[name].version}
    return of_features | own if TASKS[name].features else own


def origin_of_result(scale: Scale, task: str) -> dict[str, Any]:
    """The settings and code versions that a result's details record."""
    return {"settings": settings_of(scale, task), "versions": versions_of(task)}


def check_metric(scale: Scale, task: str, metric: str, where: str) -> None:
    """Refuse a task that tables cannot use, or a metric that the task does not measure.

    Args:
        scale: its settings say which metrics exist.
        task: the task of a table's row.
        metric: the metric of a table's column.
        where: the place in the table, for the message.

    Raises:
        FameError: no such task or metric.
    """
    if task not in OF_TABLES:
        raise FameError(f"{where}: no task {task!r}; choose one of {', '.join(OF_TABLES)}")
    given = metrics_of(scale, task)
    if metric not in given:
        keys = [key for text in TASKS[task].metrics for key in _IN_SCALE.findall(text)]
        more = f", or add to the scale's {' or '.join(keys)}" if keys else ""
        raise FameError(
            f"{where}: {task} at scale {scale.name!r} gives no metric {metric!r}; "
            f"choose one of {', '.join(given)}{more}"
        )


def epochs_tested(epochs: int) -> tuple[int, ...]:
    """The epochs, counted from 1, after which the release tests on the test videos (facts A6).

    The first, every tenth after it, and the last, since the release counts from 0.
    """
    return tuple(n for n in range(1, epochs + 1) if n % 10 == 1 or n == epochs)
