"""Options that several verbs share."""

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
RunOption = Annotated[str, typer.Option("--run", help="A run's id; `fame runs` lists them.")]
ManifestOption = Annotated[
    Path, typer.Option("--manifest", help="The dataset's manifest (see `fame index`).")
]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", min=1, help="CPU threads; the scale's by default.")
]


def _tables() -> Path:
    """The tables' folder: the working folder's own, else the project's, found from anywhere."""
    own = Path("config") / "tables"
    return own if own.is_dir() else Path(__file__).resolve().parents[2] / own


TABLES = _tables()


def check_out(out: Path, *endings: str, inputs: Sequence[Path | None] = ()) -> None:
    """Refuse, before the work, an output that cannot be, or that would replace something.

    Args:
        out: the file to write.
        endings: it must end in one of them, such as ".json": files of other kinds and the same
            stem go beside it, and would replace it.
        inputs: files that are read; None stands for one that was not given.

    Raises:
        FameError: it is a folder, ends otherwise, or is one of the inputs.
    """
    if out.is_dir():
        raise FameError(f"{out} is a folder; name a file to write")
    if out.suffix.lower() not in endings:
        raise FameError(f"{out}: the name must end in {' or '.join(endings)}; choose another name")
    if any(given is not None and given.resolve() == out.resolve() for given in inputs):
        raise FameError(f"{out} is read here and would be lost; choose another name")
