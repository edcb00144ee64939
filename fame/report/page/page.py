"""The report: one self-contained page with everything published and measured."""

import base64
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from fame.config.reading import SCALES
from fame.config.scale import Scale
from fame.core.errors import FameError
from fame.core.files import replacing
from fame.core.packages import LOCK, against_lock
from fame.core.units import duration
from fame.pipeline.experiments import Experiments
from fame.pipeline.figures import Figure, declared
from fame.report.claims.html import claim_grids, claim_remarks
from fame.report.page.grid import Grid, grid, read_csv
from fame.report.page.runs import ALL, Card, cards, cost, costs_of, runs
from fame.report.page.templates import template
from fame.report.tables.html import Rendered, shown

PACKAGES = ("fame-reproduction", "torch", "torchvision", "numpy", "pandas", "av", "snakemake")

CLAIMS = "claims"
"""The figure of claims, whose table has a layout of its own."""

FIRST = ("headline", CLAIMS)
"""The figures that come right after the paper's."""


@dataclass(frozen=True)
class Drawn:
    """A figure on the page, with its picture as base64 and its tables.

    Attributes:
        remarks: remarks on this scale's results.
        grids: tables that are always visible.
        folded: tables that are hidden until they are unfolded.
    """

    name: str
    title: str
    caption: str
    alt: str
    picture: str
    remarks: tuple[str, ...] = ()
    grids: tuple[Grid, ...] = ()
    folded: tuple[Grid, ...] = ()


@dataclass(frozen=True)
class Section:
    """An entry of the table of contents, with the entries below it by anchor and title."""

    name: str
    title: str
    below: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Printed:
    """A table of the paper, and its files as name and base64."""

    shown: Rendered
    files: tuple[tuple[str, str], ...]


def page(experiments: Experiments, results: Path) -> str:
    """The page as HTML: no script, no request, pictures inline.

    Args:
        experiments: a scale and its tables.
        results: `results/<scale>`, with tables, figures, cards and benchmark files.

    Raises:
        FameError: a table, picture, CSV, encoder or card is missing or damaged.
    """
    scale = experiments.scale
    tables = [_table(experiments, name, results / "tables") for name in sorted(experiments.tables)]
    made = present(results)
    figures = [_drawn(name, results) for name, figure in made.items() if figure.in_paper]
    ours = sorted((name for name, figure in made.items() if not figure.in_paper), key=_claims_first)
    parts = [
        _claims(experiments, results) if name == CLAIMS else _drawn(name, results) for name in ours
    ]
    run_cards = cards(experiments, results)
    return template("page.html.j2").render(
        scale=scale,
        notice=notice(scale),
        contents=_contents(tables, figures, parts),
        facts=_facts(experiments, results, run_cards),
        tables=tables,
        figures=figures,
        parts=parts,
        cost=cost(experiments, results),
        runs=runs(experiments, run_cards),
        cards=run_cards,
        command=_choice(scale),
        versions=_versions(run_cards),
        configuration=yaml.safe_dump(scale.model_dump(mode="json"), sort_keys=False),
    )


def _claims_first(name: str) -> tuple[int, str]:
    """A sorting key: first the figures of claims, then the others by name."""
    return FIRST.index(name) if name in FIRST else len(FIRST), name


def write(html: str, out: Path) -> None:
    """Write the page atomically."""
    with replacing(out) as file:
        file.write(html.encode())


def _contents(
    tables: list[Printed], figures: list[Drawn], parts: list[Drawn]
) -> tuple[Section, ...]:
    numbered = tuple((one.shown.name, _short(one.shown.title)) for one in tables)
    drawn = tuple((figure.name, _short(figure.title)) for figure in figures)
    below = (("cards", "Run cards"),)
    how = (("versions", "Versions"), ("configuration", "Configuration"))
    return (
        Section("tables", "Tables", numbered),
        *([Section("figures", "Figures", drawn)] if drawn else []),
        *(Section(part.name, part.title) for part in parts),
        Section("cost", "Cost"),
        Section("runs", "Runs", below),
        Section("how", "How this page came about", how),
    )


def _short(title: str) -> str:
    """A title up to its colon, such as Table 5."""
    return title.partition(":")[0]


def _table(experiments: Experiments, name: str, folder: Path) -> Printed:
    table, path = experiments.table(name), folder / f"{name}.csv"
    frame = read_csv(path, texts=table.show)
    if len(frame) != len(table.rows):
        raise FameError(f"{path}: not of the current table file; make it again")
    files = [path.with_suffix(suffix) for suffix in (".csv", ".tex")]
    return Printed(
        shown(frame, table, experiments.scale),
        tuple((file.name, _encoded(file)) for file in files),
    )


def present(results: Path) -> dict[str, Figure]:
    """The figures that a scale has, by name; real videos have no mask quality.

    Args:
        results: `results/<scale>`.
    """
    return {name: one for name, one in declared().items() if _picture(name, results).is_file()}


def _picture(name: str, results: Path) -> Path:
    return results / "figures" / f"{name}.png"


def _drawn(name: str, results: Path) -> Drawn:
    """A figure with its picture, and its table if it has one."""
    figure, picture = declared()[name], _picture(name, results)
    plain = (name, figure.title, figure.caption, figure.alt, _encoded(picture))
    if not figure.measured:
        return Drawn(*plain)
    frame = _columns(figure, picture.with_suffix(".csv"))
    if figure.first is None:
        return Drawn(*plain, grids=(grid(frame, figure.columns, f"{figure.title}, in numbers"),))
    key, value = figure.first
    first = frame[key].astype(str) == value
    return Drawn(
        *plain,
        grids=(grid(frame[first], figure.columns, f"{figure.title}, in numbers"),),
        folded=(grid(frame[~first], figure.columns, f"{figure.title}: each {key}"),),
    )


def _columns(figure: Figure, file: Path) -> pd.DataFrame:
    frame = read_csv(file)
    lacking = [name for name in figure.columns if name not in frame]
    if lacking:
        raise FameError(f"{file}: lacks the columns {', '.join(lacking)}; make it again")
    return frame


def _claims(experiments: Experiments, results: Path) -> Drawn:
    figure, picture = declared()[CLAIMS], _picture(CLAIMS, results)
    frame = read_csv(picture.with_suffix(".csv"))
    return Drawn(
        CLAIMS,
        figure.title,
        figure.caption,
        figure.alt,
        _encoded(picture),
        claim_remarks(frame),
        claim_grids(frame, experiments),
    )


def _encoded(file: Path) -> str:
    try:
        return base64.b64encode(file.read_bytes()).decode()
    except OSError as error:
        raise FameError(f"{file}: cannot be read ({error.strerror}); make it first") from None


def _facts(experiments: Experiments, results: Path, run_cards: list[Card]) -> list[tuple[str, str]]:
    """The facts at the top of the page."""
    scale, names = experiments.scale, sorted(experiments.tables)
    spent = costs_of(experiments, names, results)
    cells = sum(1 for _ in experiments.cells(names))
    published = sum(
        value is not None
        for name in names
        for row in experiments.table(name).rows
        for value in row.published.values()
    )
    facts = [
        ("Comparable with the paper", "yes" if scale.comparable else "no"),
        ("Cells published", str(published)),
        ("Cells measured", str(cells)),
        ("Encoders", str(len(run_cards))),
        ("Seeds", ", ".join(map(str, scale.seeds))),
    ]
    if spent:
        facts.append((f"Time, {ALL}", duration(3600 * sum(one.hours for one in spent))))
    return facts


def _choice(scale: Scale) -> str:
    """The value of `--scale` in commands; a placeholder for the path of a user's own scale."""
    own = not (SCALES / f"{scale.name}.yaml").is_file()
    return f"<path of {scale.name}>" if own else scale.name


def _versions(run_cards: list[Card]) -> list[str]:
    """Sentences with the versions of the software that made this page and the encoders."""
    installed = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    own = [f"Python {platform.python_version()}", installed, *_locked(against_lock(LOCK))]
    texts = [f"This page was made with {', '.join(own)}."]
    return texts + [
        f"Encoders were made with {text}." for text in dict.fromkeys(map(_made, run_cards))
    ]


def _made(card: Card) -> str:
    facts: dict[str, Any] = card.facts.get("environment", {})
    packages = [f"{name} {number}" for name, number in facts.get("packages", {}).items() if number]
    python = [f"Python {facts['python']}"] if "python" in facts else []
    device = [f"on {facts['device']}"] if "device" in facts else []
    code = [f"fame {card.facts['code']}"] if "code" in card.facts else []
    lock = _locked(facts.get("lock"))
    return ", ".join([*code, *python, *packages, *lock, *device]) or "what their cards do not say"


def _locked(lock: dict[str, Any] | None) -> list[str]:
    """Which lock the other packages come from, and what departs from it; nothing without one."""
    if lock is None:
        return []
    others = [f"{name} {number}" for name, number in lock["departures"].items()]
    but = f" but for {', '.join(others)}" if others else ""
    return [f"the versions of requirements.lock (SHA-256 {lock['sha256'][:12]}...){but}"]


def notice(scale: Scale) -> str:
    """Whether measured and published numbers may be compared, and why."""
    may = "may" if scale.comparable else "may not"
    return (
        f"The {scale.name} numbers {may} be compared with the published ones: {scale.note}. "
        "Published and measured numbers are shown side by side and never mixed."
    )
