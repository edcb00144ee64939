"""Commands for activation maps, temporal kernels and confusion matrices."""

from pathlib import Path
from typing import Annotated

import typer

from fame.cli.options import (
    TABLES,
    ManifestOption,
    RunOption,
    ScaleOption,
    TablesOption,
    ThreadsOption,
    check_out,
)
from fame.core.errors import FameError

StemOption = Annotated[
    Path, typer.Option("--out", help="Output path without suffix; writes .png, .pdf and .csv.")
]


def titled(arguments: list[str]) -> dict[str, list[Path]]:
    """Parse `TITLE=PATH[,PATH...]` arguments into paths by title, in their order.

    Raises:
        FameError: an argument of another form, or a repeated title.
    """
    found: dict[str, list[Path]] = {}
    for argument in arguments:
        title, _, paths = argument.partition("=")
        if not title.strip() or not all(paths.split(",")):
            raise FameError(f"{argument!r} is not TITLE=PATH[,PATH...], one path for each seed")
        if title in found:
            raise FameError(
                f"the title {title!r} is given twice; give all its paths in one argument"
            )
        found[title] = [Path(path) for path in paths.split(",")]
    return found


def confusion(
    counts: Annotated[list[Path] | None, typer.Argument(help="Files <task>.confusion.csv.")] = None,
) -> None:
    """Draw confusion matrices, each as a .png beside its .csv; does nothing without arguments."""
    from fame.evaluate.metrics.confusion import picture

    for path in counts or []:
        picture(path)


def activation(
    scale: ScaleOption,
    run: RunOption,
    encoder: Annotated[Path, typer.Option("--encoder", help="encoder.safetensors of the run.")],
    manifest: ManifestOption,
    out: Annotated[Path, typer.Option("--out", help="The .npz to write; a .json goes beside it.")],
    world: Annotated[
        Path | None,
        typer.Option("--world", help="The mini world of the videos, for true masks."),
    ] = None,
    tables: TablesOption = TABLES,
    threads: ThreadsOption = None,
) -> None:
    """Compute activation maps on test videos, and their share on the foreground."""
    from fame.core.distributed import world as join
    from fame.evaluate.tasks.activation import activation as task
    from fame.pipeline.experiments import Experiments

    check_out(out, ".npz", inputs=[encoder, manifest])
    experiments = Experiments(scale, tables)
    settings, chosen = experiments.scale, experiments.run(run)
    with join(threads or settings.resources.threads, settings.resources.deterministic) as peers:
        task(settings, chosen, encoder, manifest, out, world, peers)


def figure1(
    encoders: Annotated[
        list[str],
        typer.Argument(help="TITLE=activation.npz[,...]: an encoder's files, one for each seed."),
    ],
    out: StemOption,
) -> None:
    """Draw activation maps and foreground shares of encoders (Figure 1)."""
    from fame.report.figures.figure1 import write

    write(titled(encoders), out)


def figure3(
    encoders: Annotated[
        list[str],
        typer.Argument(
            help="TITLE=encoder.safetensors[,...]: an encoder's files, one for each seed."
        ),
    ],
    out: StemOption,
) -> None:
    """Draw the temporal kernels of R(2+1)D encoders as violins (Figure 3)."""
    from fame.report.figures.figure3 import write

    write(titled(encoders), out)


def add(app: typer.Typer) -> None:
    """Register the commands."""
    for verb in (activation, confusion, figure1, figure3):
        app.command()(verb)
