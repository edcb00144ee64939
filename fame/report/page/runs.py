"""The page's section on runs: their cards, and the cost of each table."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from fame.core.cards import verified
from fame.core.units import duration
from fame.pipeline.cost import KINDS, Cost, costs, files_of, times
from fame.pipeline.experiments import Experiments
from fame.pipeline.figures import Figure
from fame.pipeline.paths import Places
from fame.report.page.grid import Grid, Links, Text
from fame.report.page.variants import Variant
from fame.report.tables.markdown import NOTHING

ALL = "all tables, shared jobs once"


@dataclass(frozen=True)
class Card:
    """A run's card.

    Attributes:
        run: its id.
        facts: the card's content.
    """

    run: str
    facts: dict[str, Any]

    @property
    def text(self) -> str:
        """The whole card, as it is on disk."""
        return json.dumps(self.facts, indent=1)


def cards(experiments: Experiments, results: Path) -> list[Card]:
    """The card of every run, checked against its encoder.

    Args:
        experiments: a scale and its tables.
        results: `results/<scale>`.

    Raises:
        FameError: a card or an encoder is missing, or the two do not belong together.
    """
    places = Places(results)
    return [Card(name, verified(places.encoder(name))) for name in experiments.runs]


def runs(found: Sequence[Variant], run_cards: Sequence[Card], used: Mapping[str, Links]) -> Grid:
    """One row per recipe: how it differs from others of its kind, its seeds, where it is used.

    Args:
        found: the recipes; no two of a kind have equal differences.
        run_cards: the cards of their runs; a seed leads to its own.
        used: by run, the tables and figures that need it, each with its anchor.
    """
    described = ("Method", "What varies", "Backbone", "Pretraining data", "Seeds", "Used in")
    titles = (*described, "Time a run", "Memory (MiB)", "Device", "Code")
    looks = ("", "some", "", "", "", "some", "number", "number", "", "")
    by_run = {card.run: card.facts for card in run_cards}
    rows = tuple(_row(one, by_run, used) for one in found)
    return Grid("Encoders, one row for each recipe", tuple(map(Text, titles, looks)), rows)


def _row(
    one: Variant, by_run: Mapping[str, dict[str, Any]], used: Mapping[str, Links]
) -> tuple[Text, ...]:
    """A row of the list; the card of an imported encoder has neither time nor memory."""
    facts = [by_run[run.id] for run in one.runs if run.id in by_run]
    merged = one.runs[0].merge
    seeds = tuple((str(run.seed), f"#card-{run.id}") for run in one.runs)
    places = dict(place for run in one.runs for place in used.get(run.id, ()))
    times = [card["seconds"] for card in facts if card.get("seconds") is not None]
    memory = [card["peak_memory_mib"]["host"] for card in facts if "peak_memory_mib" in card]
    return (
        Text(f"{one.method}{f' + {Path(merged.mask).stem}' if merged else ''}", anchor=one.anchor),
        Text(one.varies or NOTHING, "some"),
        Text(one.backbone),
        Text(one.data or NOTHING),
        Text("", links=seeds),
        Text("" if places else NOTHING, "some", links=tuple(places.items())),
        Text(duration(fmean(times)) if times else NOTHING, "number"),
        Text(f"{max(memory):.0f}" if memory else NOTHING, "number"),
        Text(_each(card.get("environment", {}).get("device") for card in facts)),
        Text(_each(card.get("code") for card in facts)),
    )


def _each(values: Iterable[str | None]) -> str:
    """Distinct values, or a dash if there are none."""
    return ", ".join(dict.fromkeys(value for value in values if value)) or NOTHING


def used_in(experiments: Experiments, made: Mapping[str, Figure]) -> dict[str, Links]:
    """By run, the tables and figures that need it, each with its anchor.

    Args:
        experiments: a scale and its tables.
        made: the figures on the page.
    """
    found: dict[str, dict[str, str]] = {}
    for name in sorted(experiments.tables):
        heading = experiments.table(name).title.partition(":")[0]
        for run in (run for cell in experiments.cells([name]) for run in cell.runs):
            found.setdefault(run.id, {})[heading] = f"#{name}"
    for name, figure in made.items() if experiments.figures is not None else ():
        for run in (run for arm in experiments.arms(name) for run in arm.runs):
            found.setdefault(run.id, {})[figure.title.partition(":")[0]] = f"#{name}"
    return {run: tuple(places.items()) for run, places in found.items()}


def spent_by_table(experiments: Experiments, results: Path) -> dict[str, list[Cost]]:
    """The cost of each table, and of all of them under `ALL`, by kind of job; each job once.

    Raises:
        FameError: a benchmark file cannot be read.
    """
    files = {
        name: files_of(experiments.cells([name]), experiments.scale, results)
        for name in sorted(experiments.tables)
    }
    union = {kind: {path for one in files.values() for path in one[kind]} for kind in KINDS}
    known = times(union)
    return {name: costs(one, known) for name, one in (files | {ALL: union}).items()}


def cost(by_table: Mapping[str, list[Cost]]) -> Grid:
    """Wall time by table and kind of job, and the largest memory of a job."""
    titles = ("Table", "Jobs", *map(str.capitalize, KINDS), "In all", "Most memory (MiB)")
    heads = tuple(Text(title, "number" if at else "") for at, title in enumerate(titles))
    return Grid("Cost by table", heads, tuple(_cost(*one) for one in by_table.items()))


def _cost(table: str, spent: list[Cost]) -> tuple[Text, ...]:
    by_kind = {one.kind: one for one in spent}
    times = [duration(3600 * by_kind[kind].hours) if kind in by_kind else NOTHING for kind in KINDS]
    whole = duration(3600 * sum(one.hours for one in spent)) if spent else NOTHING
    peak = f"{max(one.peak_mib for one in spent):.0f}" if spent else NOTHING
    numbers = [str(sum(one.jobs for one in spent)), *times, whole, peak]
    return (Text(table), *(Text(number, "number") for number in numbers))
