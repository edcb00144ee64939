"""Which settings are chosen on validation worlds, by the rule of docs/mini_study.md."""

from collections.abc import Iterable, Sequence

import pandas as pd

from benchmarks.study.plan import AND, Arm, Batch, Plan, ablation_arms
from fame.core.errors import FameError


def scores(values: pd.DataFrame, stage: str) -> pd.DataFrame:
    """The mean over seeds and cells: a row for each candidate, a column for each arm."""
    found = values[values["stage"] == stage]
    return found.pivot_table(index="settings", columns="arm", values="value", aggfunc="mean")


def _complete(
    plan: Plan, values: pd.DataFrame, stage: str, names: Iterable[str], arms: Sequence[str]
) -> None:
    """Refuse to choose before everything that a choice rests on has been measured."""
    chosen, found = plan.stages[stage], values[values["stage"] == stage]
    have = set(found[["settings", "arm", "seed", "cell"]].itertuples(index=False, name=None))
    for name in names:
        for arm in arms:
            for seed in chosen.seeds:
                for cell in chosen.cells:
                    if (name, arm, seed, cell) not in have:
                        raise FameError(
                            f"stage {stage} lacks {cell} of {arm}, {name}, seed {seed}; run "
                            f"`python -m benchmarks.mini_study {stage}` to its end first"
                        )


def trained(plan: Plan) -> list[str]:
    """The arms that pretrain."""
    return [name for name, arm in plan.arms.items() if arm.recipe.pretrain]


def pretraining(plan: Plan, values: pd.DataFrame) -> dict[str, str]:
    """Each arm's own best candidate; of equal ones the first in the plan.

    Raises:
        FameError: the search is not finished.
    """
    arms = trained(plan)
    _complete(plan, values, "search", plan.candidates, arms)
    found = scores(values, "search").loc[list(plan.candidates)]
    return {arm: str(found[arm].idxmax()) for arm in arms}


def shared(plan: Plan, values: pd.DataFrame) -> str:
    """The one candidate for `mini`: the best mean over the arms, of those that take no longer.

    Raises:
        FameError: the search is not finished.
    """
    arms = trained(plan)
    _complete(plan, values, "search", plan.candidates, arms)
    affordable = [name for name in plan.candidates if name != "longer"]
    return str(scores(values, "search").loc[affordable, arms].mean(axis=1).idxmax())


def finetuning(plan: Plan, values: pd.DataFrame) -> str:
    """The finetuning that all arms get: the best mean over arms, datasets and seeds.

    Raises:
        FameError: that stage is not finished.
    """
    _complete(plan, values, "finetuning", plan.finetuning, list(plan.arms))
    found = scores(values, "finetuning").loc[list(plan.finetuning)]
    return str(found.mean(axis=1).idxmax())


def batches(plan: Plan, stage: str, values: pd.DataFrame) -> list[Batch]:
    """What a stage runs, given what the stages before it found."""
    arms = plan.arms
    if stage == "world":
        return [Batch("supervised", {"supervised": plan.reference}, {})]
    if stage == "search":
        pretrained = {name: arms[name] for name in trained(plan)}
        return [Batch(name, pretrained, change) for name, change in plan.candidates.items()]
    if plan.stages[stage].filmed:
        return [Batch("untuned", arms, {})]
    own = pretraining(plan, values)
    if stage == "finetuning":
        return [
            Batch(f"{tuning}{AND}{name}", members, {**plan.candidates[name], **change})
            for tuning, change in plan.finetuning.items()
            for name, members in _by_settings(plan, own).items()
        ]
    tuning = plan.finetuning[finetuning(plan, values)]
    if stage == "ablations":
        best = own["fame"]
        return [Batch(best, ablation_arms(plan), {**plan.candidates[best], **tuning})]
    return [
        Batch(name, members, {**plan.candidates[name], **tuning})
        for name, members in _by_settings(plan, own).items()
    ]


def _by_settings(plan: Plan, own: dict[str, str]) -> dict[str, dict[str, Arm]]:
    """The arms by the candidate that they use; an untrained encoder goes with any."""
    first = next(iter(own.values()))
    found: dict[str, dict[str, Arm]] = {}
    for name, arm in plan.arms.items():
        found.setdefault(own.get(name, first), {})[name] = arm
    return found
