"""The tasks that evaluate an encoder on a dataset, one row each. No torch.

A task is implemented by the file of the same name in fame/evaluate/tasks, whose `run` computes the
result file from features or an encoder. Everything else about tasks is declared here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fame.config.scale import Scale
from fame.core.errors import FameError
from fame.pipeline.versions import versions_of


@dataclass(frozen=True)
class Task:
    """One task.

    Attributes:
        name: the name of its file, rule, command and result.
        metrics: the metrics that it measures at a scale.
        settings: the settings of a scale that affect its result, besides those of the features or
            encoder; JSON data.
        files: suffixes of the files beside its result.
        trains: whether it trains the encoder further; otherwise it reads features.
        in_tables: whether a table's row may use it.
    """

    name: str
    metrics: Callable[[Scale], tuple[str, ...]]
    settings: Callable[[Scale], dict[str, Any]]
    files: tuple[str, ...] = (".parquet",)
    trains: bool = False
    in_tables: bool = True


_CONFUSION = (".parquet", ".confusion.csv", ".classes.csv")


def _accuracies(scale: Scale) -> tuple[str, ...]:
    return "top1", "top5"


def _recalls(scale: Scale) -> tuple[str, ...]:
    return tuple(f"r{rank}" for rank in scale.evaluate.retrieval.ranks)


def _reliance(scale: Scale) -> tuple[str, ...]:
    """No metrics for tables; docs/bias.md explains those of the figure."""
    return ()


def _linear(scale: Scale) -> dict[str, Any]:
    return scale.evaluate.linear.model_dump(mode="json")


def _retrieval(scale: Scale) -> dict[str, Any]:
    return scale.evaluate.retrieval.model_dump(mode="json")


def _finetune(scale: Scale) -> dict[str, Any]:
    settings = scale.evaluate
    inputs = {
        "clips": settings.clips,
        "crop": settings.crop,
        "max_short_side": scale.max_short_side,
    }
    return settings.finetune.model_dump(mode="json") | inputs


TASKS = {
    task.name: task
    for task in (
        Task("linear", _accuracies, _linear, _CONFUSION),
        Task("retrieval", _recalls, _retrieval),
        Task("bias", _reliance, _linear, in_tables=False),
        Task("finetune", _accuracies, _finetune, _CONFUSION, trains=True),
    )
}
"""Every task by name, in the order in which tasks are listed."""

OF_TABLES = tuple(name for name, task in TASKS.items() if task.in_tables)
"""The tasks that a table's row may use."""


def origin_of_result(scale: Scale, task: str) -> dict[str, Any]:
    """The settings and code versions that a result's details record."""
    return {"settings": TASKS[task].settings(scale), "versions": versions_of(task)}


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
    given = TASKS[task].metrics(scale)
    if metric not in given:
        more = ", or add to the scale's evaluate.retrieval.ranks" if task == "retrieval" else ""
        raise FameError(
            f"{where}: {task} at scale {scale.name!r} gives no metric {metric!r}; "
            f"choose one of {', '.join(given)}{more}"
        )


def epochs_tested(epochs: int) -> tuple[int, ...]:
    """The epochs, counted from 1, after which the release tests on the test videos (facts A6).

    The first, every tenth after it, and the last, since the release counts from 0.
    """
    return tuple(n for n in range(1, epochs + 1) if n % 10 == 1 or n == epochs)
