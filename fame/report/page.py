"""The report: one page with all that was published and measured, which needs nothing else."""

import base64
import json
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from fame.config.tables import Table
from fame.errors import FameError
from fame.experiments import Experiments
from fame.files import read_json, replacing
from fame.report.contents import Part, Picture, notice, present
from fame.report.cost import Cost, costs, files_of
from fame.report.graph import svg
from fame.report.rendering import NOTHING

PACKAGES = ("fame-reproduction", "torch", "torchvision", "numpy", "pandas", "av", "snakemake")


def page(experiments: Experiments, results: Path, rulegraph: str) -> str:
    """The page as HTML: no script, no request, pictures inline.

    Args:
        experiments: a scale and its tables.
        results: `results/<scale>`, with tables, figures, cards and benchmark files.
        rulegraph: what `snakemake --rulegraph dot` prints.

    Raises:
        FameError: a table, picture, CSV or card is missing or damaged.
    """
    environment = Environment(
        loader=PackageLoader("fame.report", "."),
        autoescape=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    scale = experiments.scale
    pictures, parts = present(results)
    names = sorted(experiments.tables)
    contents = [("tables", "Tables"), *([("figures", "Figures")] if pictures else [])]
    contents += [(part.name, part.title) for part in parts]
    contents += [("cost", "Cost"), ("runs", "Runs"), ("how", "How this page came about")]
    return environment.get_template("page.html.j2").render(
        scale=scale,
        notice=notice(scale),
        contents=contents,
        tables=[_table(experiments.table(name), results / "tables") for name in names],
        figures=[_picture(picture, results) for picture in pictures],
        frames=[_part(part, results) for part in parts],
        costs=_costs(experiments, results),
        cards=_cards(experiments, results),
        graph=Markup(svg(rulegraph)),
        versions=_versions(),
        configuration=yaml.safe_dump(scale.model_dump(mode="json"), sort_keys=False),
    )


def write(html: str, out: Path) -> None:
    """Write the page, whole or not at all."""
    with replacing(out) as file:
        file.write(html.encode())


def _table(table: Table, folder: Path) -> dict[str, Any]:
    frame = _csv(folder / f"{table.name}.csv", texts=table.show)
    if len(frame) != len(table.rows):
        raise FameError(f"{folder / table.name}.csv: not of the present table file; make it anew")
    rows = [
        {
            "shown": [str(row[key]) if pd.notna(row[key]) else NOTHING for key in table.show],
            "cells": [_cell(table.name, number, key, row) for key in table.columns],
            "origin": _first(row["measured_on"], row["not_measured_because"]),
        }
        for number, row in frame.iterrows()
    ]
    return {
        "name": table.name,
        "title": table.title,
        "source": table.source,
        "shown": list(table.show.values()),
        "measured": [column.title for column in table.columns.values()],
        "rows": rows,
    }


def _cell(table: str, number: Any, key: str, row: "pd.Series[Any]") -> dict[str, str]:
    published, mean, std = (row[f"{key}_{kind}"] for kind in ("published", "measured", "std"))
    measured = NOTHING
    if pd.notna(mean):
        spread = f" ± {std:.1f}" if pd.notna(std) else ""
        measured = f"{mean:.1f}{spread} (n={int(row[f'{key}_n'])})"
    quoted = f"{published:.1f}" if pd.notna(published) else NOTHING
    return {"id": f"{table}:{number}:{key}", "published": quoted, "measured": measured}


def _first(*texts: Any) -> str:
    return next((str(text) for text in texts if isinstance(text, str) and text), "")


def _csv(path: Path, texts: Iterable[str] = ()) -> pd.DataFrame:
    """A CSV; the columns in `texts` are not read as numbers."""
    try:
        return pd.read_csv(path, dtype=dict.fromkeys(texts, "str"))
    except FileNotFoundError:
        raise FameError(f"{path}: no such table; make it first") from None
    except ValueError as error:
        raise FameError(f"{path}: not a table ({error}); delete it and make it again") from None


def _picture(picture: Picture, results: Path) -> dict[str, str]:
    return {
        "name": picture.name,
        "title": picture.title,
        "caption": picture.caption,
        "data": _encoded(results / picture.file),
    }


def _encoded(file: Path) -> str:
    try:
        return base64.b64encode(file.read_bytes()).decode()
    except OSError as error:
        raise FameError(f"{file}: cannot be read ({error.strerror}); make it first") from None


def _part(part: Part, results: Path) -> dict[str, Any]:
    file = results / part.file
    frame = _csv(file)
    lacking = [name for name in part.columns if name not in frame]
    if lacking:
        raise FameError(f"{file}: lacks the columns {', '.join(lacking)}; make it anew")
    number = "{:.3g}".format
    html = frame[list(part.columns)].to_html(
        index=False, border=0, na_rep="", float_format=number, justify="left"
    )
    return {
        "name": part.name,
        "title": part.title,
        "caption": part.caption,
        "picture": _encoded(file.with_suffix(".png")),
        "html": Markup(html),
    }


def _costs(experiments: Experiments, results: Path) -> list[tuple[str, Cost]]:
    found = []
    for name in [[table] for table in sorted(experiments.tables)] + [sorted(experiments.tables)]:
        files = files_of(experiments.cells(name), experiments.scale, results)
        title = name[0] if len(name) == 1 else "all tables, shared jobs once"
        found += [(title, cost) for cost in costs(files)]
    return found


def _cards(experiments: Experiments, results: Path) -> list[dict[str, str]]:
    cards = []
    for name in experiments.runs:
        card = read_json(results / "pretrain" / name / "card.json")
        cards.append({"run": name, "text": json.dumps(card, indent=1)})
    return cards


def _versions() -> str:
    found = [f"{name} {version(name)}" for name in PACKAGES]
    return f"Made with Python {platform.python_version()}, {', '.join(found)}."
