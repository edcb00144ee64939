"""Copy a scale's tables, figures and page to `results/`. No torch."""

import csv
from collections.abc import Sequence
from pathlib import Path

from fame.core.errors import FameError
from fame.core.files import replacing
from fame.report.tables.build import remove_partial


def publish(files: Sequence[Path], folder: Path) -> str | None:
    """Copy the files of one product: a table, a figure, or the page.

    A partial table there is removed. The scale of a `.csv` with a column `scale` is recorded beside
    the copy, so that replacing another scale's numbers is reported.

    Args:
        files: all files of the product, such as a table's `.csv`, `.md` and `.tex`.
        folder: `results`; the copies keep the files' names.

    Returns:
        If the copied `.csv` replaces another scale's, a sentence that says so; else None.

    Raises:
        FameError: a file is missing, or a copy cannot be written. Nothing is copied if one is
            missing; each copy is whole or untouched.
    """
    for file in files:
        if not file.is_file():
            raise FameError(f"{file}: no such file; make it first")
    sentence = _replaced(files, folder)
    for file in files:
        target = folder / file.name
        with replacing(target) as opened:
            opened.write(file.read_bytes())
        remove_partial(target)
    return sentence


def _replaced(files: Sequence[Path], folder: Path) -> str | None:
    """Record the scale of the copied numbers; a sentence if they replace another scale's."""
    numbers = next((file for file in files if file.suffix == ".csv"), None)
    now = _scale_of(numbers) if numbers else None
    if numbers is None or now is None:
        return None
    target = folder / numbers.name
    # Snakemake deletes the target before this runs; the scale is remembered beside it.
    memory = target.with_name(f".{target.stem}.scale")
    remembered = memory.read_text(encoding="utf-8").strip() if memory.is_file() else None
    before = _scale_of(target) or remembered
    replaces = (target.exists() or remembered is not None) and before != now
    with replacing(memory) as file:
        file.write(now.encode())
    if not replaces:
        return None
    return f"note: {target}: the {before or 'unknown'} table was replaced by the {now} table"


def _scale_of(path: Path) -> str | None:
    """The scale that a table's first row names; None if there is none."""
    if not path.is_file():
        return None
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        return next(csv.DictReader(file), {}).get("scale") or None
