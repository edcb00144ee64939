"""Partial tables, written if runs failed: finished cells, and why the others are missing."""

from collections.abc import Collection, Iterable
from pathlib import Path

import pandas as pd

from fame.config.tables import Table
from fame.core.errors import FameError
from fame.core.files import replacing
from fame.pipeline.experiments import Experiments
from fame.report.tables.build import build, csv_text, partial_files
from fame.report.tables.markdown import markdown


def lacking(frame: pd.DataFrame, table: Table) -> tuple[int, int]:
    """How many cells of a partial table lack runs, and how many are measured or should be."""
    missing = sum((frame[f"{key}_missing"] != "").sum() for key in table.columns)
    complete = sum(
        (frame[f"{key}_n"].notna() & (frame[f"{key}_missing"] == "")).sum() for key in table.columns
    )
    return int(missing), int(missing + complete)


def write_partial(frame: pd.DataFrame, experiments: Experiments, name: str, out: Path) -> str:
    """Write a partial table as `<out>.partial.csv` and `.partial.md`.

    Args:
        frame: from `build(..., partial=True)`.
        experiments: what it was built from.
        name: of the table.
        out: the `.csv` that the complete table would be.

    Returns:
        A sentence that names the file and says how much is missing.

    Raises:
        FameError: an unknown table, or a file cannot be written (each is whole or untouched).
    """
    table = experiments.table(name)
    texts = (
        csv_text(frame),
        markdown(frame, table, experiments.scale),
    )
    for path, text in zip(partial_files(out), texts, strict=True):
        with replacing(path) as file:
            file.write(text.encode())
    missing, cells = lacking(frame, table)
    older = f"; {out} is older than this run" if out.exists() else ""
    file_name = partial_files(out)[0]
    return f"{file_name}: {name} is partial, {missing} of {cells} measured cells lack runs{older}"


def refuse_incomplete(experiments: Experiments, name: str, results: Path, out: Path) -> None:
    """Do nothing for a table with all its results; otherwise write it partially and raise.

    Raises:
        FameError: the table lacks results; the message names the file with the finished part.
    """
    frame = build(experiments, name, results, partial=True)
    if lacking(frame, experiments.table(name))[0]:
        raise FameError(write_partial(frame, experiments, name, out))


def leave(
    experiments: Experiments,
    wanted: Iterable[tuple[str, Path]],
    results: Path,
    unmade: Collection[str],
) -> list[str]:
    """Write the partial tables of a workflow that failed; never raises a `FameError`.

    Args:
        experiments: a scale and its tables.
        wanted: name and `.csv` of each table that was asked for and is not finished.
        results: `results/<scale>/evaluate`.
        unmade: the files that unfinished jobs should have made, as `gather` takes them.

    Returns:
        A sentence for each of `wanted`, for the terminal.
    """
    sentences = []
    for name, out in wanted:
        try:
            frame = build(experiments, name, results, partial=True, unmade=unmade)
            if lacking(frame, experiments.table(name))[0]:
                sentences.append(write_partial(frame, experiments, name, out))
            else:
                sentences.append(f"{out}: all results of {name} are there, but it was not written")
        except FameError as error:
            sentences.append(f"{out}: no partial table: {error}")
    return sentences
