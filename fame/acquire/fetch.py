"""Fetch one file from the first source that has it; verify and record it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fame.acquire.download import Patience, SourceError, download
from fame.config.sources import Source
from fame.core.errors import FameError
from fame.core.files import read_json, sha256, write_json


@dataclass(frozen=True)
class Fetched:
    """A file on disk.

    Attributes:
        path: its path.
        source: the source of that name.
        sha256: of its content.
        ours: whether we downloaded it; files that the user put there are never deleted.
    """

    path: Path
    source: Source
    sha256: str
    ours: bool


def fetch(
    sources: Sequence[Source],
    folder: Path,
    *,
    patience: Patience | None = None,
    progress: bool = True,
) -> Fetched:
    """Download a file, unless `folder` already has it under the name of one of its sources.

    Args:
        sources: tried in this order.
        folder: folder of the file; unfinished downloads are kept there as `<name>.part`.
        patience: how persistently to try each source.
        progress: show a progress bar if the output is a terminal.

    Raises:
        FameError: an existing file has other content; no source gives the file (with the reason
            for each); the disk is full.
    """
    for source in sources:
        if (folder / source.name).is_file():
            return _present(source, folder)
    folder.mkdir(parents=True, exist_ok=True)
    reasons = []
    for source in sources:
        try:
            return _downloaded(source, folder, patience or Patience(), progress)
        except SourceError as error:
            reasons.append(f"{source.url}: {error}")
    names = " or ".join(sorted({source.name for source in sources}))
    raise FameError(
        f"no source gives the file ({'; '.join(reasons)}); try again later, or get it another way "
        f"and put it into {folder} as {names}"
    )


def _record(path: Path) -> Path:
    """The record beside a downloaded file: its address and checksum."""
    return path.with_name(f"{path.name}.json")


def _present(source: Source, folder: Path) -> Fetched:
    path = folder / source.name
    digest, size = sha256(path), path.stat().st_size
    if source.sha256 not in {None, digest} or source.size not in {None, size}:
        raise FameError(
            f"{path} is not the file that {source.url} gives: sha256 {digest}, {size:,} bytes, "
            f"instead of {source.sha256 or 'any'}, {source.size or 'any'} bytes; remove it"
        )
    record = _record(path)
    ours = record.is_file() and read_json(record).get("sha256") == digest
    return Fetched(path, source, digest, ours)


def _downloaded(source: Source, folder: Path, patience: Patience, progress: bool) -> Fetched:
    part = folder / f"{source.name}.part"
    download(source, part, patience, progress)
    path = part.replace(folder / source.name)
    digest = source.sha256 or sha256(path)
    write_json(_record(path), {"url": source.url, "sha256": digest, "bytes": path.stat().st_size})
    return Fetched(path, source, digest, ours=True)
