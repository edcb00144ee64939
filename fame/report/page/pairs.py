"""FAME beside MoCo: which cells are compared, and their names in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fame.config.claims import Place
from fame.config.scale import Scale
from fame.pipeline.runs import Run
from fame.report.page.seeds import Gap, Seeds


def is_moco(run: Run) -> bool:
    """Whether a run is MoCo without merging."""
    return _follows_moco(run) and run.merge is None


def is_fame(run: Run, scale: Scale) -> bool:
    """Whether a run is FAME as the scale has it, not a variant of an ablation."""
    chosen = scale.pretrain.merge.model_copy(update={"mask": "fame"})
    return _follows_moco(run) and run.merge == chosen


def _follows_moco(run: Run) -> bool:
    return run.source is None and run.method == "moco" and run.pretrain is not None


def moco_beside(one: Seeds, cells: Iterable[Seeds]) -> Seeds | None:
    """The cell of MoCo that a cell is compared with: same task, data, metric and backbone.

    The pretraining data are the same too, unless the cell's encoder is untrained. MoCo of the
    cell's own table comes first; None if there is none, several that differ, or if it is MoCo.
    """
    if is_moco(one.run) or one.run.source is not None:
        return None
    found = [other for other in cells if is_moco(other.run) and _comparable(one, other)]
    near = [other for other in found if other.place.table == one.place.table] or found
    return near[0] if len({other.run.id for other in near}) == 1 else None


def _comparable(one: Seeds, other: Seeds) -> bool:
    return (
        one.what == other.what
        and one.run.backbone == other.run.backbone
        and one.run.pretrain in (None, other.run.pretrain)
    )


def gap(one: Seeds, other: Seeds) -> Gap | None:
    """Differences of the seeds that both have, `one` less `other`; None if there are none."""
    mine, theirs = one.defined, other.defined
    values = {seed: mine[seed] - theirs[seed] for seed in mine if seed in theirs}
    return Gap(values) if values else None


@dataclass(frozen=True)
class Pair:
    """FAME and MoCo, measured in the same way."""

    fame: Seeds
    moco: Seeds

    @property
    def gap(self) -> Gap | None:
        """FAME less MoCo."""
        return gap(self.fame, self.moco)


def pairs(cells: Mapping[Place, Seeds], scale: Scale) -> list[Pair]:
    """FAME beside MoCo, once for each task, dataset, metric, backbone and pretraining data."""
    found: dict[tuple[str, ...], Pair] = {}
    for one in cells.values():
        moco = moco_beside(one, cells.values()) if is_fame(one.run, scale) else None
        if moco is not None:
            found.setdefault((*one.what, one.run.id), Pair(one, moco))
    return list(found.values())


TASKS = {"linear": "linear probe", "finetune": "finetuned", "retrieval": "retrieval"}
"""Tasks in words, where the name is not enough."""


def title(one: Seeds, scale: Scale) -> str:
    """A cell in words: task, dataset, metric (other than top-1) and backbone."""
    task, dataset, metric = one.what
    words = [TASKS.get(task, task), scale.datasets[dataset].title]
    words += [] if metric == "top1" else [metric_title(metric)]
    return ", ".join([*words, scale.backbones[one.run.backbone].title])


def metric_title(metric: str) -> str:
    """A metric in words: `r5` is R@5."""
    return f"R@{metric[1:]}" if metric[:1] == "r" and metric[1:].isdigit() else metric
