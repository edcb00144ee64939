"""Verbs for people with their own videos: embed them, search them."""

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
    int | None, typer.Option("--threads", min=1, help="CPU threads; all by default.")
]


def embed(  # noqa: PLR0913 - a command's options
    videos: Annotated[
        list[str], typer.Argument(help="Files, folders, or patterns such as 'dir/*.mp4'.")
    ],
    encoder: Annotated[
        str, typer.Option("--encoder", help="A run's id, its directory, or encoder.safetensors.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The .parquet to make or extend.")],
    *,
    clips: Annotated[int, typer.Option("--clips", min=1, help="Uniform clips of each.")] = 10,
    scale: Annotated[
        str | None,
        typer.Option("--scale", help="Of a run's id (mini, if none), and for what the card lacks."),
    ] = None,
    backbone: Annotated[
        str | None, typer.Option("--backbone", help="The scale's one, if several would fit.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 if any video was set aside.")
    ] = False,
    tables: TablesOption = TABLES,
    threads: ThreadsOption = None,
) -> None:
    """Turn videos into vectors, a row each; the same command goes on after an interruption.

    A video that cannot be decoded gets a row that says why. A later call adds to the file and
    decodes only what is new or has changed.
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
    if strict and summary.aside:
        raise FameError(f"{len(summary.aside)} of {len(files)} videos were set aside (--strict)")
    if len(summary.aside) == len(files):
        raise FameError(f"none of {len(files)} videos could be used; the reasons are above")


def _report(out: Path, summary: "Summary") -> None:
    """One line to the output, and one for each video that was set aside (20 at most)."""
    for path, reason in summary.aside[:_LISTED]:
        print(f"set aside: {path}: {reason}", file=sys.stderr)
    if len(summary.aside) > _LISTED:
        more = len(summary.aside) - _LISTED
        print(f"set aside: {more} more, see the column `status`", file=sys.stderr)
    others = f"; {summary.others} other videos are in the file" if summary.others else ""
    print(
        f"{out}: {summary.made} videos embedded, {summary.kept} kept from before, "
        f"{len(summary.aside)} set aside{others}"
    )


def search(
    query: Annotated[Path, typer.Argument(help="The video to look for.")],
    features: Annotated[Path, typer.Option("--in", help="What `fame embed` wrote.")],
    k: Annotated[int, typer.Option("-k", min=1, help="How many neighbours.")] = 5,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", help="Draw them to this .png, and a .pdf beside it.")
    ] = None,
    centre: Annotated[
        bool, typer.Option("--centre/--no-centre", help="Subtract the set's mean first.")
    ] = True,
    keep_self: Annotated[
        bool, typer.Option("--keep-self", help="Do not leave out the query if it is in the set.")
    ] = False,
    encoder: Annotated[
        Path | None, typer.Option("--encoder", help="Where the set's encoder lies now.")
    ] = None,
    threads: ThreadsOption = None,
) -> None:
    """Print the videos most like one video: rank, cosine, path."""
    from fame.search.library import Library
    from fame.search.nearest import nearest

    if sheet and sheet.suffix not in {".png", ".pdf"}:
        raise FameError(f"{sheet}: a sheet is a .png with a .pdf beside it; name it so")
    if not query.is_file():
        raise FameError(f"{query}: no such video; name a file")
    library = Library.read(features)
    row = _query(query, library, features, encoder, threads)
    assert row.embedding is not None
    leave = None if keep_self else query
    found = nearest(row.embedding, library, k, centre=centre, without=leave)
    for rank, neighbour in enumerate(found, 1):
        print(f"{rank:>3}  {neighbour.cosine:7.4f}  {neighbour.row.stamp.path}")
    if len(found) < k:
        print(f"{features} holds no more than these {len(found)}", file=sys.stderr)
    if sheet:
        _draw(row, query, found, sheet)


def _query(
    query: Path, library: "Library", features: Path, encoder: Path | None, threads: int | None
) -> "Row":
    """The query's row: the library's own if it is there unchanged, else encoded as the set was."""
    from fame.search.nearest import stored

    row = stored(library, query)
    if row is not None and encoder is None:
        return row

    from fame.search.embed import machine, one
    from fame.search.encoder_source import recorded

    source = recorded(library, features, encoder)
    with machine(threads or os.cpu_count() or 1, progress=False) as work:
        return one(source.load(), query, source.shown, work)


def _draw(row: "Row", query: Path, found: "list[Neighbour]", sheet: Path) -> None:
    """The contact sheet: the query, then its neighbours."""
    from fame.search.sheet import strip, write

    strips = [strip(f"query    {_short(query.absolute())}", query, row.frames)]
    for rank, neighbour in enumerate(found, 1):
        path = Path(neighbour.row.stamp.path)
        title = f"{rank}    cosine {neighbour.cosine:.3f}    {_short(path)}"
        strips.append(strip(title, path, neighbour.row.frames))
    print(f"drawn: {', '.join(map(str, write(strips, sheet)))}", file=sys.stderr)


def _short(path: Path) -> str:
    """A file's name with its folder's, which often is its class."""
    return "/".join(path.parts[-2:])


def add(app: typer.Typer) -> None:
    """Register the verbs."""
    for verb in (embed, search):
        app.command()(verb)
