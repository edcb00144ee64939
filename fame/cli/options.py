"""Options that several verbs share."""

from pathlib import Path
from typing import Annotated

import typer

from fame.errors import FameError

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
    int | None, typer.Option("--threads", min=1, help="CPU threads; the scale's by default.")
]

TABLES = Path("config") / "tables"


def check_name(out: Path, *endings: str) -> None:
    """Refuse, before the work, a name that a folder has or that ends as another kind of file."""
    if out.is_dir():
        raise FameError(f"{out} is a folder; name a file to write")
    if out.suffix not in endings:
        raise FameError(f"{out}: the name must end in {' or '.join(endings)}; choose another name")
