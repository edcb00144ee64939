"""Your own videos: a folder per class, a csv, or no labels at all.

The csv has a header. `path` (relative to the root) is required; `label`, `split` and `group` are
optional, and may be empty in some rows. A row without a label is for pretraining only.
"""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from fame.core.errors import FameError
from fame.data.annotations import Annotations, Row, checked, csv_fields, lines, refuse_unwritable
from fame.data.groups import SIDES, Member, Shares, split
from fame.data.listing import videos

Labels = Literal["folders", "csv", "none"]

_COLUMNS = ("path", "label", "split", "group")


@dataclass(frozen=True)
class Layout:
    """How the videos of a folder are labelled, grouped and split.

    Attributes:
        labels: "folders" takes the first folder below the root as the class, "csv" reads
            `annotations`, "none" leaves all videos unlabelled.
        annotations: the csv; None for the other two.
        group: a regular expression that finds a video's group in its path below the root (the
            first capture group, or the whole match); None makes each video its own group. A group
            given in the csv wins.
        shares: how much is held out of the videos without a given split.
    """

    labels: Labels
    annotations: Path | None
    group: str | None
    shares: Shares


def match(root: Path, layout: Layout) -> Annotations:
    """The videos under `root`, in the order of their paths or of the csv.

    Args:
        root: folder of the videos.
        layout: how they are labelled, grouped and split.

    Raises:
        FameError: no such folder or csv, a malformed row, a video outside the root or in no
            class folder, a name that is not UTF-8, a group in two splits, a path without a group,
            or a split that got no video although its share is above 0.
    """
    if not root.is_dir():
        raise FameError(f"The video folder {root} does not exist; correct the root.")
    files = {_below(path, root) for path in videos([root])}
    if layout.labels == "csv":
        listed = _entries(layout.annotations, root)
    else:
        listed = [_Entry(path, _class(path, layout.labels, root)) for path in sorted(files)]
    refuse_unwritable((entry.path for entry in listed), root)
    rows = _rows(listed, layout)
    _check_held_out(rows, layout.shares, root)
    table = checked(rows, [], layout.annotations or root).table
    here = [(root / path).is_file() for path in table["path"]]
    absent = tuple(path for path, there in zip(table["path"], here, strict=True) if not there)
    present = table[here].reset_index(drop=True)
    classes = sorted(set(present["label"].dropna()))
    unnamed = sorted(files - set(table["path"]))
    return Annotations(present, classes, absent, tuple(unnamed))


@dataclass(frozen=True)
class _Entry:
    path: str
    label: str | None
    side: str | None = None
    group: str | None = None


def _below(path: Path, root: Path) -> str:
    return path.relative_to(Path(root).absolute()).as_posix()


def _class(path: str, labels: Labels, root: Path) -> str | None:
    """The class given by a path; None if `labels` is not "folders"."""
    if labels == "none":
        return None
    first, _, rest = path.partition("/")
    if not rest:
        raise FameError(
            f"{root / path} lies in no class folder; move it into one, or set labels to none."
        )
    if first in SIDES:
        raise FameError(
            f"{root / first} is named as a split; take kind: kinetics400 for train/<class>/<video>."
        )
    return first


def _entries(annotations: Path | None, root: Path) -> list[_Entry]:
    """The rows of the csv."""
    if annotations is None:
        raise FameError(f"{root}: labels are in a csv; name it in annotations.")
    numbered = lines(annotations)
    names = _column_names(next(numbered, (1, ""))[1], annotations)
    return [_entry(text, names, f"{annotations}, line {number}") for number, text in numbered]


def _column_names(text: str, annotations: Path) -> list[str]:
    """The names in the csv's first line."""
    names = [name.strip() for name in csv_fields(text, f"{annotations}, line 1")]
    if "" in names:
        raise FameError(
            f"{annotations}: column {names.index('') + 1} has no name; name it or leave it out "
            "(pandas writes its index there, which index=False leaves out)."
        )
    wrong = sorted(set(names) - set(_COLUMNS)) or ([] if "path" in names else ["no path"])
    if wrong or len(set(names)) < len(names):
        raise FameError(
            f"{annotations}: its first line should name path and any of label, split and group, "
            f"each once ({', '.join(wrong) or 'one is named twice'})."
        )
    return names


def _entry(text: str, names: list[str], where: str) -> _Entry:
    fields = csv_fields(text, where)
    if len(fields) != len(names):
        raise FameError(f"{where}: should have as many fields as the first line; quote commas.")
    value = {name: text.strip() or None for name, text in zip(names, fields, strict=True)}
    path, side = value["path"], value.get("split")
    if path is None or "\0" in path or _outside(PurePosixPath(path)):
        raise FameError(f"{where}: {path!r} should be a path below the root.")
    if side not in (None, "unused", *SIDES):
        raise FameError(f"{where}: split {side!r} is none of {', '.join(SIDES)} and unused.")
    return _Entry(str(PurePosixPath(path)), value.get("label"), side, value.get("group"))


def _outside(path: PurePosixPath) -> bool:
    return path.is_absolute() or ".." in path.parts or not path.parts


def _rows(listed: list[_Entry], layout: Layout) -> list[Row]:
    groups = [row.group or _group(row.path, layout.group) for row in listed]
    members = [
        Member(group, row.label, row.side) for group, row in zip(groups, listed, strict=True)
    ]
    sides = split(members, layout.shares)
    return [
        Row(row.path, row.path, row.label, group, side)
        for row, group, side in zip(listed, groups, sides, strict=True)
    ]


def _check_held_out(rows: list[Row], shares: Shares, root: Path) -> None:
    """Refuse a split whose share is above 0 but that got no video."""
    labelled = {row.split for row in rows if row.label is not None} - {"unused"}
    for side, share in (("val", shares.val), ("test", shares.test)):
        if labelled and share > 0 and side not in labelled:
            raise FameError(
                f"{root}: no video could be held out ({side}: {share:g}), since groups stay whole "
                f"and every class keeps one; give the videos smaller groups, or set {side} to 0."
            )


def _group(path: str, pattern: str | None) -> str:
    if pattern is None:
        return path
    hit = re.search(pattern, path)
    if hit is None:
        raise FameError(
            f"{path}: the pattern {pattern!r} finds no group in it; correct the pattern."
        )
    return str(hit[1] if hit.re.groups else hit[0])
