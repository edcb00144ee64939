"""Fetch and unpack one part of a dataset, and mark it as done, archive by archive.

Marks are files in `<folder>/.fame/<videos or annotations>/`: `<part>.json` when a whole part is in
place, `<part>/<archive>.json` for each archive of a part that has hundreds. A marked part is never
fetched again; in an unmarked one, existing files are not fetched or written again.
"""

import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from tqdm import tqdm

from fame.acquire.archives.unpack import Contents, Job, unpack
from fame.acquire.download import Patience
from fame.acquire.fetch import Fetched, fetch
from fame.config.sources import Part, Source, checked_url
from fame.core.errors import FameError
from fame.core.files import read_json, write_json
from fame.data.annotations import lines
from fame.data.datasets.common import Place


@dataclass(frozen=True)
class Settings:
    """Settings of downloading and unpacking.

    Attributes:
        patience: how persistently downloads are retried.
        at_once: archives of one part fetched and unpacked at the same time.
        progress: show progress bars if the output is a terminal.
    """

    patience: Patience = field(default_factory=Patience)
    at_once: int = 2
    progress: bool = True


@dataclass(frozen=True)
class PartTask:
    """A part, and where its files go.

    Attributes:
        name: name of the part.
        part: its declaration.
        folder: folder of the videos, or of the lists.
        archives: folder for the downloads of this part only.
        place: makes the function that gives a file's place; called late, as it may read lists.
    """

    name: str
    part: Part
    folder: Path
    archives: Path
    place: Callable[[], Place]

    @property
    def state(self) -> Path:
        """The folder of marks and unfinished files."""
        return state_folder(self.folder, self.part.into)

    @property
    def mark(self) -> Path:
        """The file that marks the part as done."""
        return self.state / f"{self.name}.json"

    @property
    def done(self) -> bool:
        """Whether the part is done."""
        return self.mark.is_file()

    def record(self) -> dict[str, Any]:
        """The content of the mark: the archives with their checksums."""
        return dict(read_json(self.mark))


def state_folder(folder: Path, into: str) -> Path:
    """The folder of marks for a folder of videos or annotations."""
    return folder / ".fame" / into


def complete(task: PartTask, settings: Settings) -> None:
    """Fetch and unpack what is missing, and mark the part as done.

    Raises:
        FameError: as `fetch` and `unpack`; for hundreds of archives, after all were tried.
    """
    source = task.part.sources[0]
    if source.format == "tars":
        records = _listed(task, settings)
    else:
        fetched = _fetch(task, task.part.sources, settings)
        records = [_unpacked(task, fetched)]
        _drop(task, fetched)
    write_json(task.mark, {"part": task.name, "archives": records})
    shutil.rmtree(task.state / task.name, ignore_errors=True)


def _fetch(task: PartTask, sources: Iterable[Source], settings: Settings) -> Fetched:
    return fetch(
        tuple(sources), task.archives, patience=settings.patience, progress=settings.progress
    )


def _unpacked(task: PartTask, fetched: Fetched) -> dict[str, Any]:
    """Unpack an archive; returns its record for the mark."""
    unpacker = _rars if fetched.source.format == "rars" else _plain
    contents = unpacker(task, fetched)
    if not contents.files:
        raise FameError(
            f"{fetched.path} holds none of the files that were looked for; get another archive"
        )
    return {
        "name": fetched.path.name,
        "url": fetched.source.url,
        "sha256": fetched.sha256,
        "files": len(contents.files),
        "left": list(contents.left),
    }


def _drop(task: PartTask, fetched: Fetched) -> None:
    """Delete a download that need not be kept; never a file that the user put there."""
    if fetched.ours and not task.part.keep:
        fetched.path.unlink()
        fetched.path.with_name(f"{fetched.path.name}.json").unlink(missing_ok=True)


def _job(task: PartTask, archive: Path, kind: str, place: Place) -> Job:
    draft = task.state / task.name / f"{archive.name}.partial"
    return Job(archive, kind, task.folder, draft, place, task.part.limits, task.part.replaces)


def _plain(task: PartTask, fetched: Fetched) -> Contents:
    return unpack(_job(task, fetched.path, fetched.source.format, task.place()))


def _rars(task: PartTask, fetched: Fetched) -> Contents:
    """Unpack a RAR of RARs; each inner RAR's name becomes the first folder of its files."""
    inner = fetched.path.with_name(f"{fetched.path.name}.inner")
    # `replaces`: files left by another archive of this name are overwritten.
    scratch = inner / ".draft"
    job = Job(fetched.path, "rar", inner, scratch, _inner_rar, task.part.limits, replaces=True)
    outer = unpack(job)
    files: list[str] = []
    left = list(outer.left)
    for name in sorted(outer.files):
        contents = unpack(_job(task, inner / name, "rar", _below(Path(name).stem, task.place())))
        files += contents.files
        left += [f"{name}/{path}" for path in contents.left]
    shutil.rmtree(inner)
    return Contents(tuple(files), tuple(left))


def _inner_rar(path: PurePosixPath) -> str | None:
    return path.name if path.suffix.lower() == ".rar" else None


def _below(folder: str, place: Place) -> Place:
    return lambda path: place(PurePosixPath(folder) / path)


def _listed(task: PartTask, settings: Settings) -> list[dict[str, Any]]:
    """Unpack the archives that a text file lists, several at a time."""
    listing = _fetch(task, task.part.sources, settings)
    sources = addresses(listing.path)
    place = task.place()
    with ThreadPoolExecutor(settings.at_once) as pool:
        results = pool.map(lambda source: _tried(task, source, place, settings), sources)
        bar = tqdm(results, task.name, len(sources), unit="archive", disable=_quiet(settings))
        outcomes = list(bar)
    failures = [outcome for outcome in outcomes if isinstance(outcome, FameError)]
    if failures:
        raise FameError(
            f"{task.name}: {len(failures)} of {len(sources)} archives failed, the first because "
            f"{failures[0]}; the same command again goes on with those"
        )
    _drop(task, listing)
    return [outcome for outcome in outcomes if not isinstance(outcome, FameError)]


def _quiet(settings: Settings) -> bool | None:
    return None if settings.progress else True


def _tried(
    task: PartTask, source: Source, place: Place, settings: Settings
) -> dict[str, Any] | FameError:
    """Fetch and unpack one archive of many: its record, or the error."""
    mark = task.state / task.name / f"{source.name}.json"
    if mark.is_file():
        return dict(read_json(mark))
    once = PartTask(task.name, task.part, task.folder, task.archives, lambda: place)
    try:
        # One progress bar for all archives, not one each.
        fetched = fetch([source], task.archives, patience=settings.patience, progress=False)
        record = _unpacked(once, fetched)
        write_json(mark, record)
        _drop(task, fetched)
    except FameError as error:
        return error
    return record


def addresses(listing: Path) -> list[Source]:
    """The archives in a list of addresses, one per line.

    Raises:
        FameError: no address, a line that is not an address, or two files of one name.
    """
    sources: dict[str, Source] = {}
    for number, text in lines(listing):
        try:
            url = checked_url(text)
        except ValueError as error:
            raise FameError(f"{listing}, line {number}: {error}; delete the list") from error
        source = Source(url=url, format="tar", size=None, sha256=None)
        if source.name in sources:
            raise FameError(f"{listing}, line {number}: a second {source.name}; delete the list")
        sources[source.name] = source
    if not sources:
        raise FameError(f"{listing} names no archive; delete it and rerun the same command")
    return list(sources.values())
