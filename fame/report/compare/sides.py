"""One side of a comparison: a folder of results with its tables and cards. No torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from fame.config.reading import SCALES
from fame.core.errors import FameError
from fame.core.files import read_json
from fame.evaluate.results import read_result
from fame.pipeline.paths import Places
from fame.report.page.grid import read_csv

MEASURED = "_measured"
"""The end of a table's columns with means."""


@dataclass(frozen=True)
class Side:
    """Results of a scale.

    Attributes:
        name: as the user called it.
        folder: where its tables are.
        tables: its tables by name, as their CSV files hold them.
        cards: the cards of its runs by id; none for a folder of published tables.
        evaluations: by task, the settings and code versions of its first result by name.
    """

    name: str
    folder: Path
    tables: dict[str, pd.DataFrame]
    cards: dict[str, dict[str, Any]]
    evaluations: dict[str, dict[str, Any]]

    @property
    def scales(self) -> list[str]:
        """The scales that its tables name."""
        named = (str(one) for frame in self.tables.values() for one in frame["scale"].dropna())
        return list(dict.fromkeys(named))


def side(name: str, results: Path) -> Side:
    """Read one side.

    Args:
        name: a folder (`results/mini`, another checkout's `results`, or any folder with tables),
            or a scale's name.
        results: the folder of all results, in which a scale's name is looked up.

    Raises:
        FameError: there is no such folder or scale, no table in it, several scales to choose from,
            or a file that is not what it should be.
    """
    folder = _folder(name, results)
    files = sorted(file for file in _tables_of(folder) if _is_table(file))
    if not files:
        raise FameError(
            f"{folder}: no tables to compare there (tables/*.csv, or *.csv with a column scale); "
            "make one first, such as `make results/table5.csv`"
        )
    tables = {file.stem: read_csv(file) for file in files}
    cards = {
        path.parent.name: _card(path) for path in sorted(Places(folder).runs.glob("*/card.json"))
    }
    return Side(name, folder, tables, cards, _evaluations(Places(folder).evaluations))


def _folder(name: str, results: Path) -> Path:
    """The folder that a name means: itself, or that of a scale."""
    given, of_scale = Path(name).expanduser(), results / name
    if given.is_dir():
        return _one_scale(given)
    if given.exists():
        raise FameError(f"{given} is a file; name a folder of results or a scale")
    if of_scale.is_dir():
        return of_scale
    known = sorted(file.stem for file in SCALES.glob("*.yaml"))
    if name in known:
        raise FameError(
            f"{of_scale}: scale {name!r} has no results there yet; make some with "
            f"`make results/table5.csv SCALE={name}`, or name another folder by --results"
        )
    raise FameError(
        f"{name!r} is neither a folder nor a scale (known: {', '.join(known)}); name a folder such "
        "as results/mini"
    )


def _one_scale(folder: Path) -> Path:
    """A scale's folder as it is, or the only scale's in it: its copies of tables lack the cards."""
    if (folder / "tables").is_dir():
        return folder
    scales = sorted(one for one in folder.iterdir() if (one / "tables").is_dir())
    if len(scales) > 1:
        names = ", ".join(map(str, scales))
        raise FameError(f"{folder} holds several scales; name one of {names}")
    return scales[0] if scales else folder


def _tables_of(folder: Path) -> Sequence[Path]:
    within = folder / "tables"
    return list((within if within.is_dir() else folder).glob("*.csv"))


def _is_table(file: Path) -> bool:
    """Whether a CSV is a finished table: figures have no measured columns, partial ones end so."""
    if file.name.endswith(".partial.csv"):
        return False
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            heads = opened.readline().strip().split(",")
    except OSError:
        return False
    return "scale" in heads and any(head.endswith(MEASURED) for head in heads)


def _evaluations(folder: Path) -> dict[str, dict[str, Any]]:
    first: dict[str, Path] = {}
    for path in sorted(folder.glob("*/*/*.json")):
        first.setdefault(path.stem, path)
    details = {task: read_result(path)["details"] for task, path in first.items()}
    kept = ("settings", "versions")
    return {task: {key: one[key] for key in kept if key in one} for task, one in details.items()}


def _card(path: Path) -> dict[str, Any]:
    card = read_json(path)
    if not isinstance(card, dict):
        raise FameError(f"{path}: not a card; delete the run and make it again")
    return card
