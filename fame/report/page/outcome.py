"""The first screen: the outcome in a sentence, its plot, its date, and where to read more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from markupsafe import Markup

from fame.config.claims import Place
from fame.config.scale import Scale
from fame.report.page.pairs import Pair, pairs, title
from fame.report.page.seeds import Seeds
from fame.report.page.strip import differences, outcome

MOST = 8
"""Pairs in the plot: the first ones."""

PAPER = "https://arxiv.org/abs/2109.15130"
AUTHORS_CODE = "https://github.com/Mark12Ding/FAME"

ORDER = ("linear", "finetune", "retrieval")
"""Of tasks on the first screen."""


@dataclass(frozen=True)
class Outcome:
    """The first screen.

    Attributes:
        sentence: what was measured of FAME and MoCo.
        picture: FAME less MoCo; None if nothing measures both.
        more: what the picture leaves out; empty if nothing.
        date: when the encoders were made.
    """

    sentence: str
    picture: Markup | None
    more: str
    date: str


def first_screen(
    cells: Mapping[Place, Seeds], scale: Scale, cards: Sequence[Mapping[str, Any]]
) -> Outcome:
    """The first screen of a scale.

    Args:
        cells: its measured cells.
        scale: the scale.
        cards: of its encoders.
    """
    found = _first(pairs(cells, scale))
    rows = differences(found, [title(pair.fame, scale) for pair in found])
    if not rows:
        sentence = f"At scale {scale.name}, no table measures FAME beside MoCo."
        return Outcome(sentence, None, "", date_of(cards))
    left_out = len(rows) - MOST
    more = f"{left_out} more comparisons stand in the tables." if left_out > 0 else ""
    pair = next(pair for pair in found if pair.gap is not None)
    picture = outcome(rows[:MOST], scale.name)
    return Outcome(sentence_of(pair, scale), picture, more, date_of(cards))


def _first(found: Sequence[Pair]) -> list[Pair]:
    """Pairs by task, as `ORDER` has them; of a retrieval only its first rank."""
    ranked: dict[tuple[str, ...], Pair] = {}
    for pair in found:
        task, dataset, metric = pair.fame.what
        ranked.setdefault((task, dataset, metric[:1], pair.fame.run.id), pair)
    return sorted(ranked.values(), key=lambda pair: _rank(pair.fame.cell.task))


def _rank(task: str) -> int:
    return ORDER.index(task) if task in ORDER else len(ORDER)


def sentence_of(pair: Pair, scale: Scale) -> str:
    """The outcome of a pair in one sentence: numbers, never a verdict.

    With one seed there is a difference only; with several also Student's 95 % interval.
    """
    gap = pair.gap
    assert gap is not None
    seeds = "one seed" if len(gap.values) == 1 else f"mean of {len(gap.values)} seeds"
    chance = pair.fame.chance
    guess = "" if chance is None else f", chance {chance:.1f} %"
    fame, moco = (_mean(one, gap.values) for one in (pair.fame, pair.moco))
    spread = "which has no spread"
    if gap.interval is not None:
        spread = "95 % interval {:+.1f} to {:+.1f}".format(*gap.interval)
    return (
        f"FAME reaches {fame:.1f} % and MoCo {moco:.1f} % at scale {scale.name} "
        f"({title(pair.fame, scale)}; {seeds}{guess}): a difference of {gap.mean:+.1f} points, "
        f"{spread}."
    )


def _mean(one: Seeds, seeds: Mapping[int, float]) -> float:
    """Of the seeds that both cells have."""
    return fmean(one.defined[seed] for seed in seeds)


def date_of(cards: Sequence[Mapping[str, Any]]) -> str:
    """The day, or the first and the last, on which encoders were made; empty if no card says."""
    days = sorted(str(card["finished"])[:10] for card in cards if "finished" in card)
    if not days:
        return ""
    return days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
