"""Options that several commands share."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from fame.core.errors import FameError

ScaleOption = Annotated[
    str, typer.Option("--scale", help="A scale by name (mini, paper) or a path to its file.")
]
TablesOption = Annotated[
    Path, typer.Option("--tables", help="The folder of table files, which define the runs.")
]
TargetsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[TARGET]...",
        help="As `make` and `fame run` take them: all (the default), comparison, report, a table "
        "(table5, results/table5.csv), a figure (figure1) or a file below results/.",
    ),
]
RunOption = Annotated[str, typer.Option("--run", help="A run's id; `fame runs` lists them.")]
ManifestOption = Annotated[
    Path, typer.Option("--manifest", help="The dataset's manifest (see `fame index`).")
]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", min=1, help="CPU threads (default: the scale's).")
]


def tables_folder() -> Path:
    """The tables' folder: that of the working folder, else the project's."""
    own = Path("config") / "tables"
    return own if own.is_dir() else Path(__file__).resolve().parents[2] / own


TABLES = tables_folder()


def check_out(out: Path, *endings: str, inputs: Sequence[Path | None] = ()) -> None:
    """Refuse, before the work starts, an output that cannot be written or would replace an input.

    Args:
        out: the file to write.
        endings: allowed suffixes, such as ".json"; files with the same stem and other suffixes are
            written beside it and could replace it otherwise.
        inputs: files that are read; None for an option that was not given.

    Raises:
        FameError: it is a folder, has another suffix, or is one of the inputs.
    """
    if out.is_dir():
        raise FameError(f"{out} is a folder; name a file to write")
    if out.suffix.lower() not in endings:
        raise FameError(f"{out}: the name must end in {' or '.join(endings)}; choose another name")
    if any(given is not None and given.resolve() == out.resolve() for given in inputs):
        raise FameError(f"{out} is an input and would be overwritten; choose another name")
