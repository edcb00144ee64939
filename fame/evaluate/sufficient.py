"""Whether a dataset has the videos that its evaluations need, asked before anything is trained."""

from collections.abc import Collection

from fame.config.scale import Scale
from fame.core.errors import FameError
from fame.data.manifest import OK, Manifest
from fame.pipeline.experiments import Experiments, measurable


def tasks_on(experiments: Experiments, dataset: str) -> set[str]:
    """The tasks of the tables that this scale measures on a dataset."""
    return {
        task
        for table in experiments.tables.values()
        for row in table.rows
        for column in table.columns.values()
        for task in [row.task_in(column)]
        if column.dataset == dataset
        and task is not None
        and measurable(experiments.scale, row, column) is None
    }


def check(videos: Manifest, scale: Scale, tasks: Collection[str]) -> None:
    """Refuse a dataset on which a task would fail, after hours of other work.

    Args:
        videos: the dataset.
        scale: gives the ranks of retrieval and the neighbours of kNN.
        tasks: what is to be evaluated; nothing is refused if there is none.

    Raises:
        FameError: no usable training or test video, or fewer training videos than neighbours.
    """
    usable = videos.table[videos.table["status"] == OK]
    for split in ("test", "train") if tasks else ():
        if not (usable["split"] == split).any():
            raise FameError(
                f"dataset {videos.dataset} has no usable {split} video, so nothing can be "
                f"evaluated on it; hold some out (test, val), or state {split} as their split"
            )
    gallery = int((usable["split"] == "train").sum())
    asked = {
        "retrieval": ("ranks", max(scale.evaluate.retrieval.ranks)),
        "knn": ("neighbours", scale.evaluate.knn.neighbours),
    }
    for task in tasks:
        key, number = asked.get(task, ("", 0))
        if number > gallery:
            raise FameError(
                f"{task}.{key} asks for {number} neighbours but {videos.dataset} has only "
                f"{gallery} usable training videos; set evaluate.{task}.{key} to at most {gallery}"
            )
