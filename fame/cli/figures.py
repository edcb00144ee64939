"""Commands that draw: the figures, and confusion matrices."""

from pathlib import Path
from typing import Annotated

import typer

from fame.cli.options import TABLES, TablesOption, check_out
from fame.core.errors import FameError


def titled(arguments: list[str]) -> dict[str, list[Path]]:
    """Parse `TITLE=PATH[,PATH...]` arguments into paths by title, in their order.

    Raises:
        FameError: an argument of another form, or a repeated title.
    """
    by_title: dict[str, list[Path]] = {}
    for argument in arguments:
        title, _, paths = argument.partition("=")
        if not title.strip() or not all(paths.split(",")):
            raise FameError(f"{argument!r} is not TITLE=PATH[,PATH...], one path for each seed")
        if title in by_title:
            raise FameError(
                f"the title {title!r} is given twice; give all its paths in one argument"
            )
        by_title[title] = [Path(path) for path in paths.split(",")]
    return by_title


def figure(
    name: Annotated[str, typer.Argument(help="A file of fame/report/figures, such as figure3.")],
    files: Annotated[
        list[str] | None,
        typer.Argument(help="TITLE=PATH[,...]: other files than the scale's, a path a seed."),
    ] = None,
    *,
    out: Annotated[Path, typer.Option("--out", help="The .png; .pdf and .csv go beside it.")],
    scale: Annotated[
        str, typer.Option("--scale", help="A scale by name (mini, paper) or a path to its file.")
    ] = "mini",
    results: Annotated[
        Path | None, typer.Option("--results", help="results/<scale>, if it lies elsewhere.")
    ] = None,
    tables: TablesOption = TABLES,
) -> None:
    """Draw a figure from what a scale has measured, or from files of your own.

    Examples: `fame figure figure1 --out figure1.png` and, to compare encoders of your own,
    `fame figure figure3 "Mine=a/encoder.safetensors" "Theirs=b/encoder.safetensors" --out f.png`.
    """
    from fame.core.registry import load
    from fame.pipeline.experiments import Experiments
    from fame.pipeline.figures import PACKAGE, sources

    make = load(PACKAGE, name, "make")
    experiments = Experiments(scale, tables)
    root = results or Path("results") / experiments.scale.name
    by_title = titled(files) if files else _below(root, sources(experiments, name))
    if not by_title:
        raise FameError(f"scale {experiments.scale.name!r} measures nothing that {name} shows")
    check_out(out, ".png", inputs=[path for paths in by_title.values() for path in paths])
    make(experiments, by_title, out)


def _below(root: Path, files: dict[str, list[Path]]) -> dict[str, list[Path]]:
    return {title: [root / path for path in paths] for title, paths in files.items()}


def confusion(
    counts: Annotated[list[Path] | None, typer.Argument(help="Files <task>.confusion.csv.")] = None,
) -> None:
    """Draw confusion matrices, each as a .png beside its .csv; does nothing without arguments."""
    from fame.evaluate.metrics.confusion import picture

    for path in counts or []:
        picture(path)


def add(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (figure, confusion):
        app.command()(command)
