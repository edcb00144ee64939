"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

ScaleOption = Annotated[
    str, typer.Option("--scale", help="A scale by name (mini, paper) or a path to its file.")
]
TablesOption = Annotated[
    Path, typer.Option("--tables", help="The folder of table files, which define the runs.")
]
RunOption = Annotated[str, typer.Option("--run", help="A run's id; `fame runs` lists them.")]
ManifestOption = Annotated[
    Path, typer.Option("--manifest", help="The dataset's manifest (see `fame index`).")
]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", min=1, help="CPU threads (default: the scale's).")
]


def _tables() -> Path:
    """The tables' folder: that of the working folder, else the project's."""
    own = Path("config") / "tables"
    return own if own.is_dir() else Path(__file__).resolve().parents[2] / own


TABLES = _tables()
