"""Kinetics-400: the folders are the annotation, `{train,val,test}/<class>/<id>_<from>_<to>.mp4`.

Videos vanish from the source all the time, so what is listed but not on disk is counted, never
an error (facts E1). Where lists are given, the class of each video that they name is
checked by its YouTube id. A class folder may hold spaces.
"""

import csv
from pathlib import Path

from fame.data.annotations.tables import Annotations, Row, checked, lines, video_files
from fame.errors import FameError

_PARTS = ("train", "val", "test")
_TIMES = len("_000027_000037")


def read(root: Path, annotations: Path | None) -> Annotations:
    """The videos under `root`.

    Args:
        root: folder with `train`, `val` and `test`, or some of them.
        annotations: an official csv, a folder of them, or None to trust the folders.

    Returns:
        Annotations whose classes are in alphabetical order, which is the official one;
        the group is the YouTube id.

    Raises:
        FameError: no such folder, no video, a video on two sides, or a class that
            contradicts the csv.
    """
    rows = [_row(file, root) for file in video_files(root) if _part(file, root) in _PARTS]
    if not rows:
        raise FameError(f"{root} holds no video as train, val or test/<class>/<video>; sort them.")
    listed = _listed(annotations) if annotations else {}
    present = checked(rows, sorted({row.label for row in rows}), root)
    for row in rows:
        known = listed.get(str(row.group), set())
        if known and row.label not in known:
            raise FameError(
                f"{root / row.path}: the lists in {annotations} put this video in "
                f"{' and '.join(sorted(known))}; move it or mend the lists."
            )
    names = {str(row.group) for row in rows}
    unnamed = sum(str(row.group) not in listed for row in rows) if listed else 0
    return Annotations(present.table, present.classes, len(listed.keys() - names), unnamed)


def _part(file: Path, root: Path) -> str:
    parts = file.relative_to(root).parts
    return parts[0] if len(parts) == 3 else ""


def _row(file: Path, root: Path) -> Row:
    path = file.relative_to(root)
    part, label, _ = path.parts
    return Row(file.stem, path.as_posix(), label, file.stem[:-_TIMES] or file.stem, part)


def _listed(annotations: Path) -> dict[str, set[str]]:
    """YouTube id -> classes, from every csv that has labels."""
    files = sorted(annotations.glob("*.csv")) if annotations.is_dir() else [annotations]
    listed: dict[str, set[str]] = {}
    for file in files:
        for entry in csv.DictReader(text for _, text in lines(file)):
            if entry.get("label") and entry.get("youtube_id"):
                listed.setdefault(entry["youtube_id"], set()).add(entry["label"])
    if not listed:
        raise FameError(f"{annotations} holds no csv with label and youtube_id columns.")
    return listed
