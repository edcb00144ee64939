"""The page's section on runs: their cards, and the cost of each table."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fame.core.cards import verified
from fame.core.units import duration
from fame.pipeline.cost import KINDS, Cost, costs, files_of
from fame.pipeline.experiments import Experiments
from fame.pipeline.paths import Places
from fame.pipeline.runs import Run
from fame.report.page.grid import Grid, Text
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


def runs(experiments: Experiments, run_cards: list[Card]) -> Grid:
    """One row per run with the main facts; its card holds the rest."""
    titles = ("Run", "Method", "Pretraining data", "Seed", "Time", "Memory (MiB)", "Device", "Code")
    looks = ("id", "", "", "number", "number", "number", "", "")
    rows = [
        tuple(map(Text, _facts(experiments.run(card.run), card.facts), looks)) for card in run_cards
    ]
    return Grid("Encoders and how they came about", tuple(map(Text, titles, looks)), tuple(rows))


def _facts(run: Run, card: dict[str, Any]) -> tuple[str, ...]:
    """A row of the list; the card of an imported encoder has neither time nor memory."""
    seconds, memory = card.get("seconds"), card.get("peak_memory_mib", {}).get("host")
    merged = f" + {Path(run.merge.mask).stem}" if run.merge else ""
    return (
        run.id,
        f"{Path(run.method).stem}{merged}" if run.source is None else "finished encoder",
        run.pretrain or NOTHING,
        str(run.seed),
        NOTHING if seconds is None else duration(seconds),
        NOTHING if memory is None else f"{memory:.0f}",
        str(card.get("environment", {}).get("device", NOTHING)),
        str(card.get("code", NOTHING)),
    )


def cost(experiments: Experiments, results: Path) -> Grid:
    """Wall time by table and kind of job, and the largest memory of a job.

    Raises:
        FameError: a benchmark file cannot be read.
    """
    names = sorted(experiments.tables)
    parts = [(name, costs_of(experiments, [name], results)) for name in names]
    parts.append((ALL, costs_of(experiments, names, results)))
    titles = ("Table", "Jobs", *map(str.capitalize, KINDS), "In all", "Most memory (MiB)")
    heads = tuple(Text(title, "number" if at else "") for at, title in enumerate(titles))
    return Grid("Cost by table", heads, tuple(_cost(name, spent) for name, spent in parts))


def costs_of(experiments: Experiments, tables: list[str], results: Path) -> list[Cost]:
    """The cost of some tables, by kind of job; each job once."""
    return costs(files_of(experiments.cells(tables), experiments.scale, results))


def _cost(table: str, spent: list[Cost]) -> tuple[Text, ...]:
    by_kind = {one.kind: one for one in spent}
    times = [duration(3600 * by_kind[kind].hours) if kind in by_kind else NOTHING for kind in KINDS]
    whole = duration(3600 * sum(one.hours for one in spent)) if spent else NOTHING
    peak = f"{max(one.peak_mib for one in spent):.0f}" if spent else NOTHING
    numbers = [str(sum(one.jobs for one in spent)), *times, whole, peak]
    return (Text(table), *(Text(number, "number") for number in numbers))
