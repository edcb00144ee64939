"""Which recipes, evaluations and versions two sides differ in, from cards and results."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fame.report.compare.cells import Match
from fame.report.compare.sides import Side
from fame.report.leaves import leaves

ABSENT = "absent"
"""What stands for a setting that a recipe does not have."""


@dataclass(frozen=True)
class Change:
    """A setting that differs.

    Attributes:
        what: its dotted key, or the name of a version.
        a, b: its values, as text; several are joined by commas.
    """

    what: str
    a: str
    b: str


@dataclass(frozen=True)
class Recipes:
    """The settings in which the runs of some rows differ.

    Attributes:
        rows: table and row in words.
    """

    rows: tuple[str, ...]
    changes: tuple[Change, ...]


def recipes(matches: Iterable[Match], a: Side, b: Side) -> list[Recipes]:
    """The differences of matched rows whose runs have other recipes; equal ones stand together.

    Runs are paired by seed, or the first of each side where no seed is common. Rows whose cards a
    side lacks are not judged.
    """
    found: dict[tuple[Change, ...], dict[str, None]] = {}
    for one in matches:
        if one.a is None or one.b is None or one.same_runs:
            continue
        pair = _pair(one.a.runs, one.b.runs, a.cards, b.cards)
        changes = tuple(_changes(*pair)) if pair else ()
        if changes:
            found.setdefault(changes, {})[f"{one.key[0]}: {one.key[1]}"] = None
    return [Recipes(tuple(rows), changes) for changes, rows in found.items()]


def without_cards(matches: Iterable[Match], a: Side, b: Side) -> int:
    """How many rows have other runs on the sides, whose recipes cannot be read."""
    return len(
        {
            one.key[:2]
            for one in matches
            if one.a is not None
            and one.b is not None
            and not one.same_runs
            and _pair(one.a.runs, one.b.runs, a.cards, b.cards) is None
        }
    )


def _pair(
    left: Sequence[str],
    right: Sequence[str],
    cards: Mapping[str, dict[str, Any]],
    others: Mapping[str, dict[str, Any]],
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The recipes of two runs with one seed, if there are such."""
    mine, theirs = (
        {
            card.get("seed"): card["recipe"]
            for name in names
            if "recipe" in (card := known.get(name, {}))
        }
        for names, known in ((left, cards), (right, others))
    )
    common = [seed for seed in mine if seed in theirs]
    if common:
        return mine[common[0]], theirs[common[0]]
    return (next(iter(mine.values())), next(iter(theirs.values()))) if mine and theirs else None


def _changes(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterable[Change]:
    left, right = leaves(a), leaves(b)
    for key in dict.fromkeys([*left, *right]):
        values = [_shown(side[key]) if key in side else ABSENT for side in (left, right)]
        if values[0] != values[1] and key != "seed":
            yield Change(key, values[0], values[1])


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def evaluations(a: Side, b: Side) -> list[Change]:
    """Settings and versions of the tasks that both sides have, where they differ."""
    return [
        Change(f"{task}: {change.what}", change.a, change.b)
        for task in a.evaluations
        if task in b.evaluations
        for change in _changes(a.evaluations[task], b.evaluations[task])
    ]


def versions(a: Side, b: Side) -> list[Change]:
    """Code, Python, packages, lock and devices in which the cards of the sides differ.

    A side whose runs were made by several versions has all of them.
    """
    left, right = _versions(a), _versions(b)
    texts = (
        (name, *(", ".join(sorted(side.get(name, {}), key=_natural)) for side in (left, right)))
        for name in dict.fromkeys([*left, *right])
    )
    return [Change(name, x or ABSENT, y or ABSENT) for name, x, y in texts if x != y]


def _versions(side: Side) -> dict[str, dict[str, None]]:
    found: dict[str, dict[str, None]] = {}
    for card in side.cards.values():
        for name, value in _facts(card):
            if value:
                found.setdefault(name, {})[str(value)] = None
    return found


def _facts(card: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    environment = card.get("environment", {})
    yield "code", card.get("code")
    yield "recipe version", card.get("recipe", {}).get("version")
    yield from ((name, environment.get(name)) for name in ("python", "device"))
    yield from environment.get("packages", {}).items()
    yield "lock (SHA-256)", (environment.get("lock") or {}).get("sha256", "")[:12]


def _natural(text: str) -> list[tuple[bool, int, str]]:
    """Orders 2.9 before 2.10."""
    parts = re.findall(r"\d+|\D+", text)
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts]
