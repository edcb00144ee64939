"""Runs by recipe: seeds of one recipe are one variant, and each says how it differs from others."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fame.config.scale import Scale
from fame.pipeline.runs import Run, digest
from fame.report.leaves import leaves

NO_MERGING = "no merging"

Leaves = Mapping[str, Any]
"""A recipe's values by dotted key."""


@dataclass(frozen=True)
class Variant:
    """A recipe with its runs, one for each seed.

    Attributes:
        method, backbone, data: in words; `data` is empty for an encoder that was not pretrained.
        varies: how its recipe differs from others of its kind; empty if it is the only one.
    """

    runs: tuple[Run, ...]
    method: str
    backbone: str
    data: str
    varies: str = ""

    @property
    def kind(self) -> str:
        """Method, backbone and pretraining data: variants of a kind differ in settings only."""
        return ", ".join(filter(None, (self.method, self.backbone, self.data)))

    @property
    def anchor(self) -> str:
        """Its row in the list of runs."""
        return f"runs-of-{self.runs[0].id}"


def variants(runs: Iterable[Run], scale: Scale) -> list[Variant]:
    """The variants of some runs, in their order; no two have equal kind and differences."""
    by_recipe: dict[str, list[Run]] = {}
    for run in runs:
        by_recipe.setdefault(recipe_id(run), []).append(run)
    found = [_variant(tuple(members), scale) for members in by_recipe.values()]
    named = [replace(one, varies=_varies(one, _of_kind(one, found))) for one in found]
    return [_distinct(one, named) for one in named]


def recipe_id(run: Run) -> str:
    """Equal for the seeds of one recipe."""
    return digest({key: value for key, value in run.recipe.items() if key != "seed"})


def _variant(runs: tuple[Run, ...], scale: Scale) -> Variant:
    first = runs[0]
    method = Path(first.method).stem if first.source is None else f"encoder {first.weights}"
    data = scale.datasets[first.pretrain].title if first.pretrain else ""
    return Variant(runs, method, scale.backbones[first.backbone].title, data)


def _of_kind(one: Variant, found: Sequence[Variant]) -> list[Variant]:
    return [other for other in found if other.kind == one.kind]


def _distinct(one: Variant, found: Sequence[Variant]) -> Variant:
    """The variant, with its recipe's digest if its words do not tell it from another."""
    same = [other for other in found if (other.kind, other.varies) == (one.kind, one.varies)]
    if len(same) == 1:
        return one
    return replace(one, varies=", ".join(filter(None, [one.varies, recipe_id(one.runs[0])])))


def _varies(one: Variant, kind: Sequence[Variant]) -> str:
    """The settings of a recipe that differ between the variants of a kind, in words."""
    if len(kind) == 1:
        return ""
    all_of_kind = [leaves(other.runs[0].recipe) for other in kind]
    mine = leaves(one.runs[0].recipe)
    words = [_words(key, value) for key, value in mine.items() if _differs(key, all_of_kind)]
    return ", ".join(filter(None, words))


def _differs(key: str, recipes: Sequence[Leaves]) -> bool:
    """Whether recipes have several values of a key; a mask is named wherever some have none."""
    if key == "seed":
        return False
    lacking = any(key not in recipe for recipe in recipes)
    if lacking and key in {"pretrain.merge.mask", "pretrain.merge"}:
        return True
    values = {json.dumps(recipe[key], sort_keys=True) for recipe in recipes if key in recipe}
    return len(values) > 1


def _words(key: str, value: Any) -> str:
    if key == "pretrain.merge":
        return NO_MERGING
    shown = "none" if value is None else value
    return f"{key.rpartition('.')[2].replace('_', ' ')} {shown}"
