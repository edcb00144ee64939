"""A stage's numbers as a table for a page: a row for each cell, a column for each arm."""

import pandas as pd

from benchmarks.study.plan import Plan, ablation_arms
from fame.evaluate.bias.scores import SCORES

SHARES = (*SCORES, "follows_background")
"""Shares, given in percent here; everything else is in percent already."""


def markdown(plan: Plan, values: pd.DataFrame, stage: str) -> str:
    """Mean and standard deviation over seeds; the number of seeds where it is not the stage's."""
    found = values[values["stage"] == stage]
    titles = {name: arm.title for name, arm in (plan.arms | ablation_arms(plan)).items()}
    titles |= {"supervised": plan.reference.title, "background": "Background only"}
    arms = [name for name in titles if name in set(found["arm"])]
    lines = [["", *(titles[arm] for arm in arms)], ["---"] * (len(arms) + 1)]
    for cell in dict.fromkeys(found["cell"]):
        rows = found[found["cell"] == cell]
        seeds = len(plan.stages[stage].seeds)
        known = [_spread(rows[rows["arm"] == arm]["value"], cell, seeds) for arm in arms]
        lines.append([cell, *known])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _spread(values: pd.Series, cell: str, seeds: int) -> str:
    known = values.dropna() * (100 if cell.endswith(SHARES) else 1)
    if known.empty:
        return ""
    few = "" if len(known) == seeds else f" (of {len(known)})"
    return f"{known.mean():.1f} ± {known.std():.1f}{few}"
