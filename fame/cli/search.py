"""Commands for your own videos: embed them, search them."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fame.cli.options import TABLES, TablesOption, check_out
from fame.core.errors import FameError

if TYPE_CHECKING:
    from fame.search.embed import Summary
    from fame.search.library import Library, Row
    from fame.search.nearest import Neighbour

MINI = "mini"
_LISTED = 20

ThreadsOption = Annotated[
    int | None, typer.Option("--threads", min=1, help="CPU threads (default: all).")
]


def embed(  # noqa: PLR0913 - a command's options
    videos: Annotated[
        list[str], typer.Argument(help="Files, folders, or patterns such as 'dir/*.mp4'.")
    ],
    encoder: Annotated[
        str, typer.Option("--encoder", help="A run's id, its directory, or encoder.safetensors.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The .parquet to write or extend.")],
    *,
    clips: Annotated[int, typer.Option("--clips", min=1, help="Uniform clips per video.")] = 10,
    scale: Annotated[
        str | None,
        typer.Option(
            "--scale",
            help="Scale of the run (default: mini); also for settings that the card lacks.",
        ),
    ] = None,
    backbone: Annotated[
        str | None,
        typer.Option("--backbone", help="Backbone (a key of the scale), if several fit."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 if any video was skipped.")
    ] = False,
    tables: TablesOption = TABLES,
    threads: ThreadsOption = None,
) -> None:
    """Embed videos, one vector per video; rerun the same command to resume or to add videos.

    A video that cannot be decoded gets a row with the reason. A later call decodes only videos that
    are new or have changed.
    """
    from fame.data.listing import videos as listed

    check_out(out, ".parquet")
    files = listed(videos)

    from fame.search.embed import embed as run
    from fame.search.embed import machine
    from fame.search.encoder_source import describe, locate

    source = describe(locate(encoder, scale or MINI, tables), clips, scale, backbone)
    with machine(threads or os.cpu_count() or 1) as work:
        summary = run(files, out, source, work)
    _report(out, summary)
    if strict and summary.skipped:
        raise FameError(f"{len(summary.skipped)} of {len(files)} videos were skipped (--strict)")
    if len(summary.skipped) == len(files):
        raise FameError(f"none of {len(files)} videos could be used; the reasons are above")


def _report(out: Path, summary: "Summary") -> None:
    """Print one line in total, and one for each skipped video (20 at most)."""
    for path, reason in summary.skipped[:_LISTED]:
        print(f"skipped: {path}: {reason}", file=sys.stderr)
    if len(summary.skipped) > _LISTED:
        more = len(summary.skipped) - _LISTED
        print(f"skipped: {more} more, see the column `status`", file=sys.stderr)
    others = f"; {summary.others} other videos are in the file" if summary.others else ""
    print(
        f"{out}: {summary.made} videos embedded, {summary.kept} kept from before, "
        f"{len(summary.skipped)} skipped{others}"
    )


def search(
    query: Annotated[Path, typer.Argument(help="The video to look for.")],
    features: Annotated[Path, typer.Option("--in", help="The .parquet that `fame embed` wrote.")],
    k: Annotated[int, typer.Option("-k", min=1, help="How many neighbours.")] = 5,
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", help="Draw the neighbours to this .png and a .pdf beside it."),
    ] = None,
    centre: Annotated[
        bool, typer.Option("--centre/--no-centre", help="Subtract the mean of all vectors first.")
    ] = True,
    keep_self: Annotated[
        bool,
        typer.Option(
            "--keep-self", help="Keep the query among the neighbours if it is in the file."
        ),
    ] = False,
    encoder: Annotated[
        Path | None, typer.Option("--encoder", help="The encoder of the vectors, if it was moved.")
    ] = None,
    threads: ThreadsOption = None,
) -> None:
    """Print the nearest neighbours of a video: rank, cosine similarity, path."""
    from fame.search.library import Library
    from fame.search.nearest import nearest

    if sheet and sheet.suffix not in {".png", ".pdf"}:
        raise FameError(
            f"{sheet}: a sheet is a .png with a .pdf beside it; give a name that ends in .png"
        )
    if not query.is_file():
        raise FameError(f"{query}: no such video; name a file")
    library = Library.read(features)
    row = _query(query, library, features, encoder, threads)
    assert row.embedding is not None
    leave = None if keep_self else query
    neighbours = nearest(row.embedding, library, k, centre=centre, without=leave)
    for rank, neighbour in enumerate(neighbours, 1):
        print(f"{rank:>3}  {neighbour.cosine:7.4f}  {neighbour.row.stamp.path}")
    if len(neighbours) < k:
        print(f"{features} holds no more than these {len(neighbours)}", file=sys.stderr)
    if sheet:
        _draw(row, query, neighbours, sheet)


def _query(
    query: Path, library: "Library", features: Path, encoder: Path | None, threads: int | None
) -> "Row":
    """The query's row: from the library if it is there unchanged, else encoded like the library."""
    from fame.search.nearest import stored

    row = stored(library, query)
    if row is not None and encoder is None:
        return row

    from fame.search.embed import machine, one
    from fame.search.encoder_source import recorded

    source = recorded(library, features, encoder)
    with machine(threads or os.cpu_count() or 1, progress=False) as work:
        return one(source.load(), query, source.spec, work)


def _draw(row: "Row", query: Path, neighbours: "list[Neighbour]", sheet: Path) -> None:
    """The contact sheet: the query, then its neighbours."""
    from fame.data.video.facts import DecodeError
    from fame.search.sheet import strip, write

    strips = [strip(f"query    {_short(query.absolute())}", query, row.frames)]
    for rank, neighbour in enumerate(neighbours, 1):
        path = neighbour.row.stamp.file
        title = f"{rank}    cosine {neighbour.cosine:.3f}    {_short(path)}"
        try:
            strips.append(strip(title, path, neighbour.row.frames))
        except DecodeError as error:
            print(f"fame: left out of the sheet: {error}", file=sys.stderr)
    print(f"drawn: {', '.join(map(str, write(strips, sheet)))}", file=sys.stderr)


def _short(path: Path) -> str:
    """A file's name with that of its folder, which often is its class."""
    return "/".join(path.parts[-2:])


def add(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (embed, search):
        app.command()(command)
