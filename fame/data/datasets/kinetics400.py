"""Kinetics-400: the folders are the annotation, `{train,val,test}/<class>/<id>_<from>_<to>.mp4`.

Videos disappear from YouTube all the time, so some listed ones are not on disk (facts E1). If lists
are given, the class of each listed video is checked by its YouTube id, and absent or unlisted
videos are reported. Class folders may contain spaces.

Nothing is evaluated on it, since its test videos have no public labels; its validation videos are
used to monitor pretraining. A mini world has the train and val splits, with a csv for each.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from fame.core.errors import FameError
from fame.data.annotations import Annotations, Row, checked, csv_fields, lines, video_files
from fame.data.datasets.common import (
    Archives,
    Dataset,
    Place,
    WorldLayout,
    WrittenVideo,
    draw_id,
)

SPLITS = ("train", "val")
OFFICIAL_SPLITS = 1

PARTS = ("train", "val", "test")
UNNAMED = "unnamed"
"""Folder for downloaded videos that no list names; they belong to no split."""

_HEADER = "label,youtube_id,time_start,time_end,split,is_cc"
_WORLD_TIMES = "_000000_000010"
_SPELLED = {"validate": "val", "validation": "val"}
_TIMES = len("_000027_000037")


@dataclass(frozen=True)
class Clip:
    """One line of an official list: ten seconds of a YouTube video."""

    youtube_id: str
    start: int
    end: int
    split: str
    label: str

    @property
    def stem(self) -> str:
        """Its file's name, without suffix."""
        return f"{self.youtube_id}_{self.start:06d}_{self.end:06d}"


def parse(annotations: Path) -> list[Clip]:
    """The labelled clips of one list, or of every list in a folder, without repeats.

    Args:
        annotations: an official csv (`label,youtube_id,time_start,time_end,split`; other columns
            are ignored), or a folder of them. Lists without labels, such as some copies' list of
            test videos, are skipped.

    Raises:
        FameError: no list with labels, or a malformed line.
    """
    files = sorted(annotations.glob("*.csv")) if annotations.is_dir() else [annotations]
    clips = {clip: None for file in files for clip in _clips(file)}
    if not clips:
        raise FameError(f"{annotations} holds no csv with label and youtube_id columns.")
    return list(clips)


def _clips(file: Path) -> list[Clip]:
    numbered = lines(file)
    header = _fields(next(numbered, (0, ""))[1], f"{file}, line 1")
    if not {"label", "youtube_id"} <= set(header):
        return []
    return [
        _clip(dict(zip(header, values, strict=True)), where)
        for number, text in numbered
        for where in [f"{file}, line {number}"]
        for values in [_fields(text, where, len(header))]
    ]


def _fields(text: str, where: str, number: int | None = None) -> list[str]:
    """The fields of a line; there must be `number` of them."""
    values = csv_fields(text, where)
    if number is not None and len(values) != number:
        raise FameError(f"{where}: has {len(values)} fields instead of {number}; correct it.")
    return values


def _clip(entry: dict[str, str], where: str) -> Clip:
    try:
        start, end = (int(float(entry[key])) for key in ("time_start", "time_end"))
    except (KeyError, ValueError, OverflowError) as error:
        raise FameError(f"{where}: time_start and time_end are not times; correct it.") from error
    split = entry.get("split", "")
    clip = Clip(entry["youtube_id"], start, end, _SPELLED.get(split, split), entry["label"])
    plain = all(text and "/" not in text and text[0] != "." for text in (clip.stem, clip.label))
    if clip.split not in PARTS or not clip.youtube_id or not plain:
        raise FameError(
            f"{where}: needs a label, a youtube_id and train, val or test as split; correct it."
        )
    return clip


class Clips:
    """Looks up the split and the class of a file by its name."""

    def __init__(self, clips: list[Clip]) -> None:
        """Sort clips by id."""
        self._by_id: dict[str, list[Clip]] = defaultdict(list)
        for clip in clips:
            self._by_id[clip.youtube_id].append(clip)

    @classmethod
    def read(cls, annotations: Path) -> "Clips":
        """The clips of the lists; see `parse` for arguments and errors."""
        return cls(parse(annotations))

    def find(self, stem: str, split: str) -> str | None:
        """`<split>/<class>` of a file, or None if no list names it.

        Matched by id; among several clips of one id, by the file's times.

        Args:
            stem: the file's name without suffix, `<id>_<from>_<to>`; times may differ.
            split: only clips of this split are considered; all clips if it is not one of `PARTS`.
        """
        named = [
            clip
            for clip in self._by_id.get(youtube_id(stem), [])
            if clip.split == split or split not in PARTS
        ]
        exact = [clip for clip in named if clip.stem == stem]
        places = {f"{clip.split}/{clip.label}" for clip in exact or named}
        return places.pop() if len(places) == 1 else None


def youtube_id(stem: str) -> str:
    """The id in a file's name; it may contain underscores."""
    return stem[:-_TIMES] or stem


def match(root: Path, annotations: Path, split: int) -> Annotations:
    """The videos under `root`, checked against the lists.

    Args:
        root: folder with `train`, `val` and `test`, or some of them.
        annotations: an official csv, or a folder of them.
        split: ignored, as there is one official split.

    Returns:
        Annotations; classes are in alphabetical order, which is the official one, and the group is
        the YouTube id.

    Raises:
        FameError: no such folder, no video, a video in two splits, or a class folder that
            contradicts the csv.
    """
    rows, stray = _scanned(root)
    clips = parse(annotations)
    present = checked(rows, _class_names(rows), root)
    _check_classes(rows, clips, root, annotations)
    listed, here = {clip.youtube_id for clip in clips}, {str(row.group) for row in rows}
    absent = tuple(_listed_path(clip) for clip in clips if clip.youtube_id not in here)
    unknown = [row.path for row in rows if row.group not in listed]
    return Annotations(present.table, present.classes, absent, tuple(sorted(stray + unknown)))


def match_folders(root: Path) -> Annotations:
    """As `match`, but without lists: the folders give class and split."""
    rows, stray = _scanned(root)
    present = checked(rows, _class_names(rows), root)
    return Annotations(present.table, present.classes, (), tuple(sorted(stray)))


def _scanned(root: Path) -> tuple[list[Row], list[str]]:
    """The videos in class folders, and the paths of videos elsewhere."""
    files = [file.relative_to(root) for file in video_files(root)]
    rows = [_row(file) for file in files if _sorted(file)]
    if not rows:
        raise FameError(f"{root} holds no video as train, val or test/<class>/<video>; sort them.")
    return rows, [file.as_posix() for file in files if not _sorted(file)]


def _class_names(rows: list[Row]) -> list[str]:
    return sorted({str(row.label) for row in rows})


def _sorted(file: Path) -> bool:
    return len(file.parts) == 3 and file.parts[0] in PARTS


def _row(file: Path) -> Row:
    part, label, _ = file.parts
    return Row(file.stem, file.as_posix(), label, youtube_id(file.stem), part)


def _listed_path(clip: Clip) -> str:
    return f"{clip.split}/{clip.label}/{clip.stem}.mp4"


def _check_classes(rows: list[Row], clips: list[Clip], root: Path, annotations: Path) -> None:
    """Refuse a video in the folder of a class that the lists do not give it."""
    labels: dict[str, set[str]] = defaultdict(set)
    for clip in clips:
        labels[clip.youtube_id].add(clip.label)
    for row in rows:
        listed = labels.get(str(row.group), {str(row.label)})
        if row.label not in listed:
            raise FameError(
                f"{root / row.path}: the lists in {annotations} put this video in "
                f"{' and '.join(sorted(listed))}; move it or correct the lists."
            )


def place_videos(part: str, annotations: Path | None) -> Place:
    """Class folders, looked up in the lists, because the archives are flat.

    Args:
        part: the split, or another part such as `replacements`.
        annotations: folder of the lists.

    Raises:
        FameError: there are no lists, or bad ones.
    """
    if annotations is None:
        raise FameError(
            "Kinetics-400 is sorted into classes by its lists; give the scale a folder of "
            "annotations, which are then downloaded too"
        )
    clips = Clips.read(annotations)

    def place(path: PurePosixPath) -> str:
        folder = clips.find(path.stem, part)
        return f"{folder or f'{UNNAMED}/{part}'}/{path.name}"

    return place


def class_name(words: tuple[str, str]) -> str:
    """Two words with a space, as in "arm wrestling"."""
    return " ".join(words)


def video_path(class_name: str, split: str, number: int, rng: np.random.Generator) -> str:
    """A path with a random id."""
    return f"{split}/{class_name}/{draw_id(rng)}{_WORLD_TIMES}.mp4"


def write_annotations(folder: Path, videos: Sequence[WrittenVideo]) -> None:
    """Write `train.csv` and `val.csv`, sorted by label and id; labels are quoted."""
    for split in SPLITS:
        rows = sorted(_line(video) for video in videos if video.split == split)
        (folder / f"{split}.csv").write_text("\n".join([_HEADER, *rows, ""]), newline="")


def _line(video: WrittenVideo) -> str:
    name = youtube_id(PurePosixPath(video.path).stem)
    return f'"{video.class_name}",{name},0,10,{video.split},0'


DATASET = Dataset(
    match=match,
    match_folders=match_folders,
    archives=Archives(place_videos),
    world=WorldLayout(class_name, video_path, write_annotations),
)
