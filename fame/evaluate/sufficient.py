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
        scale: gives the ranks of retrieval.
        tasks: what is to be evaluated; nothing is refused if there is none.

    Raises:
        FameError: no usable training or test video, or fewer training videos than the largest rank.
    """
    usable = videos.table[videos.table["status"] == OK]
    for split in ("test", "train") if tasks else ():
        if not (usable["split"] == split).any():
            raise FameError(
                f"dataset {videos.dataset} has no usable {split} video, so nothing can be "
                f"evaluated on it; hold some out (test, val), or state {split} as their split"
            )
    gallery, ranks = int((usable["split"] == "train").sum()), scale.evaluate.retrieval.ranks
    if "retrieval" in tasks and max(ranks) > gallery:
        raise FameError(
            f"retrieval.ranks asks for {max(ranks)} neighbours but {videos.dataset} has only "
            f"{gallery} usable training videos to retrieve; set evaluate.retrieval.ranks to at "
            f"most {gallery}"
        )
