"""The report: one self-contained page with everything published and measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from fame.config.claims import Place
from fame.config.reading import SCALES
from fame.config.scale import Scale
from fame.core.errors import FameError
from fame.core.files import replacing
from fame.core.units import duration
from fame.pipeline.cost import Cost
from fame.pipeline.experiments import Experiments
from fame.pipeline.figures import Figure, declared
from fame.pipeline.paths import Places
from fame.report.claims.html import claim_grids, claim_remarks
from fame.report.page import embedded
from fame.report.page.added import added
from fame.report.page.classes import by_class
from fame.report.page.curves import curves
from fame.report.page.embedded import encoded
from fame.report.page.grid import Grid, grid, read_csv
from fame.report.page.neighbours import examples
from fame.report.page.outcome import AUTHORS_CODE, PAPER, first_screen
from fame.report.page.pairs import pairs
from fame.report.page.runs import ALL, Card, cards, cost, runs, spent_by_table, used_in
from fame.report.page.scatters import reliance, training
from fame.report.page.seeds import Seeds, measured
from fame.report.page.sizes import sizes
from fame.report.page.templates import template
from fame.report.page.variants import variants
from fame.report.page.versions import versions
from fame.report.tables.html import Rendered, shown

CLAIMS = "claims"
"""The figure of claims, whose table has a layout of its own."""

LOOKS = {
    "classes": "By class",
    "examples": "Retrieved videos",
    "background": "Accuracy and the background",
    "training": "Accuracy and time",
    "curves": "Training curves",
}
"""Sections that are drawn from results where these are, with their titles."""

RELIANCE = "reliance"
"""The figure that shows more encoders than the section that is drawn from the bias probes."""

FIRST = ("headline", CLAIMS)
"""The figures that come right after the paper's."""


@dataclass(frozen=True)
class Drawn:
    """A figure on the page, with its picture's address and its tables.

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
    """The page as HTML: no request, pictures inline, all of it readable without its script.

    Args:
        experiments: a scale and its tables.
        results: `results/<scale>`, with tables, figures, cards and benchmark files.

    Raises:
        FameError: a table, result, picture, CSV, encoder or card is missing or damaged, or a table
            is not of its results.
    """
    scale, places = experiments.scale, Places(results)
    cells = measured(experiments, results)
    tables = [
        _table(experiments, name, places.tables, cells) for name in sorted(experiments.tables)
    ]
    made = present(results)
    figures = [_drawn(name, results) for name, figure in made.items() if figure.in_paper]
    ours = sorted((name for name, figure in made.items() if not figure.in_paper), key=_claims_first)
    parts = [
        _claims(experiments, results) if name == CLAIMS else _drawn(name, results) for name in ours
    ]
    run_cards = cards(experiments, results)
    facts = {card.run: card.facts for card in run_cards}
    recipes = variants(experiments.runs.values(), scale)
    spent = spent_by_table(experiments, results)
    both = pairs(cells, scale)
    looks = {
        "classes": by_class(both, scale, places.evaluations),
        "examples": examples(both, scale, results),
        "background": None if RELIANCE in made else reliance(places.figures, scale),
        "training": training(cells, recipes, run_cards, scale),
        "curves": curves(recipes, places.runs),
    }
    return template("page.html.j2").render(
        scale=scale,
        notice=notice(scale),
        outcome=first_screen(cells, scale, list(facts.values())),
        paper=PAPER,
        authors_code=AUTHORS_CODE,
        contents=_contents(tables, figures, parts, looks),
        facts=_facts(experiments, spent[ALL], run_cards),
        tables=tables,
        figures=figures,
        parts=parts,
        cost=cost(spent),
        sizes=sizes(recipes, places, facts),
        runs=runs(recipes, run_cards, used_in(experiments, made)),
        cards=run_cards,
        command=_choice(scale),
        versions=versions(run_cards),
        configuration=yaml.safe_dump(scale.model_dump(mode="json"), sort_keys=False),
        **looks,
    )


def _claims_first(name: str) -> tuple[int, str]:
    """A sorting key: first the figures of claims, then the others by name."""
    return FIRST.index(name) if name in FIRST else len(FIRST), name


def write(html: str, out: Path) -> None:
    """Write the page atomically."""
    with replacing(out) as file:
        file.write(html.encode())


def _contents(
    tables: list[Printed], figures: list[Drawn], parts: list[Drawn], looks: Mapping[str, Any]
) -> tuple[Section, ...]:
    numbered = tuple((one.shown.name, _short(one.shown.title)) for one in tables)
    drawn = tuple((figure.name, _short(figure.title)) for figure in figures)
    below = (("cards", "Run cards"),)
    how = (("versions", "Versions"), ("configuration", "Configuration"))
    return (
        Section("tables", "Tables", numbered),
        *([Section("figures", "Figures", drawn)] if drawn else []),
        *(Section(part.name, part.title) for part in parts),
        *(Section(name, title) for name, title in LOOKS.items() if looks[name]),
        Section("cost", "Cost and size"),
        Section("runs", "Runs", below),
        Section("how", "How this page came about", how),
    )


def _short(title: str) -> str:
    """A title up to its colon, such as Table 5."""
    return title.partition(":")[0]


def _table(
    experiments: Experiments, name: str, folder: Path, cells: Mapping[Place, Seeds]
) -> Printed:
    table, path = experiments.table(name), folder / f"{name}.csv"
    frame = read_csv(path, texts=table.show)
    if len(frame) != len(table.rows):
        raise FameError(f"{path}: not of the current table file; make it again")
    files = [path.with_suffix(suffix) for suffix in (".csv", ".tex")]
    return Printed(
        shown(frame, table, experiments.scale, added(frame, path, table, cells)),
        tuple((file.name, encoded(file)) for file in files),
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
    plain = (name, figure.title, figure.caption, figure.alt, embedded.picture(picture))
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
        embedded.picture(picture),
        claim_remarks(frame),
        claim_grids(frame, experiments),
    )


def _facts(
    experiments: Experiments, spent: list[Cost], run_cards: list[Card]
) -> list[tuple[str, str]]:
    """The facts at the top of the page."""
    scale, names = experiments.scale, sorted(experiments.tables)
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


def notice(scale: Scale) -> str:
    """Whether measured and published numbers may be compared, and why."""
    may = "may" if scale.comparable else "may not"
    return (
        f"The {scale.name} numbers {may} be compared with the published ones: {scale.note}. "
        "Published and measured numbers are shown side by side and never mixed."
    )
