"""The tasks that evaluate an encoder on a dataset, a row each. No torch.

What a task does is one file of fame/evaluate/tasks, called as the task, whose `run` goes from
features or an encoder to the result file. What everyone else has to know of it stands here.
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
        name: of its file, rule, command and result.
        metrics: what it measures at a scale.
        settings: all of a scale that decides its result, given features or encoder; JSON data.
        files: what stands beside its result, by the suffixes.
        trains: whether it trains the encoder further; it reads features otherwise.
        in_tables: whether a table's row may ask for it.
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
    """None that a table may show; docs/bias.md has those of the figure."""
    return ()


def _linear(scale: Scale) -> dict[str, Any]:
    return scale.evaluate.linear.model_dump(mode="json")


def _retrieval(scale: Scale) -> dict[str, Any]:
    return scale.evaluate.retrieval.model_dump(mode="json")


def _finetune(scale: Scale) -> dict[str, Any]:
    found = scale.evaluate
    shown = {"clips": found.clips, "crop": found.crop, "max_short_side": scale.max_short_side}
    return found.finetune.model_dump(mode="json") | shown


TASKS = {
    task.name: task
    for task in (
        Task("linear", _accuracies, _linear, _CONFUSION),
        Task("retrieval", _recalls, _retrieval),
        Task("bias", _reliance, _linear, in_tables=False),
        Task("finetune", _accuracies, _finetune, _CONFUSION, trains=True),
    )
}
"""Every task by name, in the order in which results are read."""

OF_TABLES = tuple(name for name, task in TASKS.items() if task.in_tables)
"""The tasks that a table's row may ask for."""


def origin_of_result(scale: Scale, task: str) -> dict[str, Any]:
    """What a result's details say of the settings and of the code that made it."""
    return {"settings": TASKS[task].settings(scale), "versions": versions_of(task)}


def check_metric(scale: Scale, task: str, metric: str, where: str) -> None:
    """Refuse a task that tables do not have, or a metric that it does not give.

    Args:
        scale: whose settings say which metrics there are.
        task: as a table's row names it.
        metric: as a table's column names it.
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

    The first, every tenth after it, and the last: the release counts from 0.
    """
    return tuple(n for n in range(1, epochs + 1) if n % 10 == 1 or n == epochs)
