"""Annotation lists: read text files tolerantly, check the rows, match them with videos on disk."""

import csv
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from fame.core.errors import FameError
from fame.core.files import shown

Missing = Literal["error", "skip"] | float
"""How many annotated videos may be absent: none, any number, or at most a share in [0, 1]."""

COLUMNS = ["video", "path", "label", "group", "split", "start", "end"]
VIDEO_SUFFIXES = {".avi", ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv"}


@dataclass(frozen=True)
class Row:
    """One annotated video.

    Attributes:
        video: unique id.
        path: POSIX path relative to the dataset's root.
        label: class name; None if unlabelled.
        group: videos of one group come from one source and share a split; None if unknown.
        split: "train", "val", "test" or "unused".
        start: first frame used.
        end: frame after the last one used; None for the whole video.
    """

    video: str
    path: str
    label: str | None
    group: str | None
    split: str
    start: int = 0
    end: int | None = None


@dataclass(frozen=True)
class Annotations:
    """Annotated videos, and how they compare with the files on disk.

    Attributes:
        table: one row per video, columns `COLUMNS`; `group` and `end` may be null.
        classes: class names in the official order.
        absent: annotated videos that are not on disk, as listed; the table omits them.
        unnamed: videos on disk that no list names, as paths below the root.
    """

    table: pd.DataFrame
    classes: list[str]
    absent: tuple[str, ...] = ()
    unnamed: tuple[str, ...] = ()


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered, non-empty lines of a text file, without line ends (of any kind) or a BOM.

    Raises:
        FameError: the file is missing or is not text.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise FameError(f"Annotation file {path} is missing; download the lists.") from error
    except UnicodeDecodeError as error:
        raise FameError(
            f"Annotation file {path} is not UTF-8 text; save it as UTF-8, or download it again."
        ) from error
    # str.splitlines would also split at characters that file names may contain.
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), start=1):
        if line.strip():
            yield number, line.strip()


def csv_fields(text: str, where: str) -> list[str]:
    """The fields of one line of a csv file.

    Raises:
        FameError: an unclosed or stray quote; `where` names the line.
    """
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        raise FameError(
            f"{where}: not readable as csv ({error}); close every quoted field on its own line."
        ) from error


def json_list(path: Path) -> list[Any]:
    """The entries of a JSON list.

    Raises:
        FameError: the file is missing, is not JSON, or does not hold a list.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise FameError(f"Annotation file {path} is missing; download the lists.") from error
    except ValueError as error:
        raise FameError(f"Annotation file {path} is not JSON; download it again.") from error
    if not isinstance(content, list):
        raise FameError(f"Annotation file {path} does not hold a list; download it again.")
    return content


def checked(rows: list[Row], classes: list[str], source: Path) -> Annotations:
    """Rows as annotations, before any look at the disk; each video appears once.

    Raises:
        FameError: a duplicate, a video in two splits, a name that is not UTF-8, or no row at all.
    """
    if not rows:
        raise FameError(f"The lists in {source} name no video; add rows, or download them again.")
    refuse_unwritable((row.path for row in rows), source)
    table = pd.DataFrame([vars(row) for row in rows], columns=COLUMNS).astype({"end": "Int64"})
    twice = table[table["video"].duplicated(keep=False)]
    if len(twice):
        name = twice["video"].iloc[0]
        splits = sorted(set(twice["split"][twice["video"] == name]))
        fault = f"is in both {' and '.join(splits)}" if len(splits) > 1 else "is listed twice"
        raise FameError(f"{source}: {len(twice)} lines repeat a video; {name} {fault}.")
    return Annotations(table, classes)


def refuse_unwritable(paths: Iterable[str], root: Path) -> None:
    """Stop if a path holds bytes that are not UTF-8, which no manifest can hold.

    Raises:
        FameError: names the first of them.
    """
    for path in paths:
        if shown(path) != path:
            raise FameError(
                f"{root}: the name {shown(path)} is not UTF-8 (odd bytes are shown as \\x..), and "
                "a manifest holds UTF-8 only; rename the file or the folder."
            )


def resolve(parsed: Annotations, root: Path) -> Annotations:
    """Keep the annotated videos that exist under `root`, with their actual paths.

    Case and suffix are ignored, so both spellings of HandstandPushups and transcoded files match.

    Raises:
        FameError: the root is missing, or contains a video twice.
    """
    present = _videos_under(root)
    keys = [_key(path) for path in parsed.table["path"]]
    here = pd.Series([key in present for key in keys], index=parsed.table.index)
    absent = tuple(parsed.table["path"][~here])
    table = parsed.table[here].assign(path=[present[key] for key in keys if key in present])
    classes = with_videos(parsed.classes, table)
    unnamed = tuple(sorted(set(present.values()) - set(table["path"])))
    return Annotations(table.reset_index(drop=True), classes, absent, unnamed)


def refuse_absent(annotations: Annotations, root: Path, missing: Missing) -> None:
    """Stop if too many annotated videos are absent.

    Raises:
        FameError: names the first of them.
    """
    allowed = {"error": 0.0, "skip": 1.0}[missing] if isinstance(missing, str) else missing
    # Videos that no list names (folders can be annotations too) must not lower the share.
    listed = ~annotations.table["path"].isin(annotations.unnamed)
    total = len(annotations.absent) + int(listed.sum())
    if len(annotations.absent) > allowed * total:
        raise FameError(
            f"{len(annotations.absent)} of {total} annotated videos are not under {root}, for "
            f"example {', '.join(annotations.absent[:3])}; complete the download, or set missing "
            "to skip, or to the share that may be absent."
        )


def with_videos(classes: list[str], table: pd.DataFrame) -> list[str]:
    """The classes that have a video, in the official order."""
    used = set(table["label"])
    return [name for name in classes if name in used]


def video_files(root: Path) -> list[Path]:
    """Every video file under `root`, sorted.

    Raises:
        FameError: the folder does not exist.
    """
    if not root.is_dir():
        raise FameError(f"The video folder {root} does not exist; download or mount the dataset.")
    return sorted(_walk(root))


def _walk(root: Path) -> Iterator[Path]:
    """Video files; hidden ones (unfinished downloads, macOS's `._name`) are skipped."""
    for folder, inner, names in os.walk(root, followlinks=True):  # class folders are often links
        inner[:] = [name for name in inner if not name.startswith(".")]
        for name in names:
            if not name.startswith(".") and Path(name).suffix.lower() in VIDEO_SUFFIXES:
                yield Path(folder, name)


def _key(path: str) -> str:
    return str(Path(path).with_suffix("")).lower()


def _videos_under(root: Path) -> dict[str, str]:
    """Lower-case path without suffix -> POSIX path, both relative to `root`."""
    paths = [file.relative_to(root).as_posix() for file in video_files(root)]
    repeated = [key for key, times in Counter(map(_key, paths)).items() if times > 1]
    if repeated:
        raise FameError(
            f"{root} holds {repeated[0]} in two files that differ in suffix or case only; "
            "remove one."
        )
    return {_key(path): path for path in paths}
