"""Commands that download real datasets."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fame.cli.data import DataOption
from fame.cli.options import ScaleOption

if TYPE_CHECKING:
    from fame.config.sources import DatasetSource

SourcesOption = Annotated[
    Path | None, typer.Option("--sources", help="A file to use instead of config/datasets.yaml.")
]
AtOnceOption = Annotated[
    int,
    typer.Option("--at-once", min=1, help="Parallel downloads for datasets with many archives."),
]


def acquire(
    dataset: Annotated[
        str, typer.Argument(help="A dataset of config/datasets.yaml, such as ucf101.")
    ],
    to: Annotated[
        Path | None, typer.Option("--to", help="Folder for videos/, annotations/, archives/.")
    ] = None,
    accept_terms: Annotated[
        bool, typer.Option("--accept-terms", help="You have read the terms and accept them.")
    ] = False,
    parts: Annotated[
        str,
        typer.Option(
            "--parts", help="Only these parts, separated by commas; without --to all are listed."
        ),
    ] = "",
    sources: SourcesOption = None,
    at_once: AtOnceOption = 2,
) -> None:
    """Print a dataset's terms, or download it and unpack it into its official layout.

    After an interruption, rerun the same command to resume. An archive that you got another way
    can be put into archives/PART/ under its own name.
    """
    from fame.acquire import dataset as acquisition
    from fame.acquire.part import Settings
    from fame.core.errors import FameError

    details = _source(dataset, sources)
    if to is None and accept_terms:
        raise FameError("nothing was downloaded; name the folder to download into with --to")
    if to is None or not accept_terms:
        typer.echo(_about(dataset, details))
        if to is not None:
            raise FameError(
                f"nothing was downloaded; add --accept-terms if you accept the terms of {dataset}"
            )
        return
    places = acquisition.Places.below(to)
    chosen = tuple(name.strip() for name in parts.split(",") if name.strip())
    settings = Settings(at_once=at_once)
    acquisition.acquire(dataset, details, places, parts=chosen, settings=settings)
    typer.echo(f"{details.title} is at {to}")


def source(
    scale: ScaleOption,
    data: DataOption,
    out: Annotated[Path, typer.Option("--out", help="The record to write (.json).")],
    accept_terms: Annotated[
        str,
        typer.Option(
            "--accept-terms", help="Datasets whose terms you accept, separated by commas."
        ),
    ] = "",
    sources: SourcesOption = None,
    at_once: AtOnceOption = 2,
) -> None:
    """Check that a dataset is in place; download missing parts if its terms are accepted."""
    from fame.acquire.part import Settings
    from fame.acquire.provide import provide as ensure
    from fame.config.reading import load_scale
    from fame.core.files import write_json

    accepted = {name.strip() for name in accept_terms.split(",") if name.strip()}
    record = ensure(load_scale(scale), data, _sources(sources), accepted, Settings(at_once=at_once))
    write_json(out, record)


def _sources(path: Path | None) -> "dict[str, DatasetSource]":
    from fame.config.sources import SOURCES, load_sources

    return load_sources(path or SOURCES)


def _source(name: str, path: Path | None) -> "DatasetSource":
    from fame.config.reading import check_keys

    known = _sources(path)
    check_keys([name], known, "datasets")
    return known[name]


def _about(name: str, source: "DatasetSource") -> str:
    from fame.data.disk import human

    counts = "; ".join(
        f"split {split}: " + ", ".join(f"{number:,} {side}" for side, number in sides.items())
        for split, sides in source.counts.items()
    )
    space = source.space
    return "\n".join(
        [
            f"{source.title} ({source.page})",
            f"  licence:   {source.licence}",
            f"  terms:     {source.terms}",
            f"  cite:      {source.citation}",
            f"  videos:    {source.classes} classes; {counts}",
            f"  missing:   {source.missing}",
            f"  space:     {human(space.archives)} of archives, {human(space.videos)} of videos",
            f"  parts:     {', '.join(source.parts)}",
            f"To get it: fame acquire {name} --to FOLDER --accept-terms",
        ]
    )


def add(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(acquire)
    app.command()(source)
