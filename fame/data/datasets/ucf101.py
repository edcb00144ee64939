"""UCF101: `classInd.txt`, `trainlist0k.txt`, `testlist0k.txt`; videos in class folders.

Counts of the official lists (facts E2): 9537/3783, 9586/3734 and 9624/3696 videos.

A mini world has `<Class>/v_<Class>_gXX_cYY.avi` and the lists of split 1, with CRLF line ends. As
in the real dataset, groups 1 to 7 are for testing and groups 8 to 25 for training.
"""

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from fame.core.errors import FameError
from fame.data.annotations import Annotations, Row, checked, lines, resolve
from fame.data.datasets.common import Archives, Dataset, Place, WorldLayout, WrittenVideo

SPLITS = ("train", "test")
OFFICIAL_SPLITS = 3

_GROUP = re.compile(r"_(g\d+)_c\d+$")
_NAME = re.compile(r"v_([A-Za-z]+)_g\d\d_c\d\d\.avi")
_FOLDERS = {"handstandpushups": "HandstandPushups"}  # the folder's spelling; files vary
_WORLD_GROUPS = {"train": range(8, 26), "test": range(1, 8)}


def parse(annotations: Path, split: int) -> Annotations:
    """Read the lists of one split, without looking for videos.

    Args:
        annotations: folder of the lists.
        split: 1, 2 or 3.

    Raises:
        FameError: a missing or malformed list, an unknown class, a repeated video.
    """
    classes = _classes(annotations / "classInd.txt")
    rows = [
        _row(text, part, classes, f"{source}, line {number}")
        for part in ("train", "test")
        for source in [annotations / f"{part}list{split:02d}.txt"]
        for number, text in lines(source)
    ]
    return checked(rows, classes, annotations)


def match(root: Path, annotations: Path, split: int) -> Annotations:
    """The videos of one split that are under `root`; see `resolve` for errors."""
    return resolve(parse(annotations, split), root)


def _classes(path: Path) -> list[str]:
    pairs = [text.split() for _, text in lines(path)]
    if [pair[0] for pair in pairs] != [str(n) for n in range(1, len(pairs) + 1)] or any(
        len(pair) != 2 for pair in pairs
    ):
        raise FameError(f"{path} must number its classes 1, 2, ...; download it again.")
    return [pair[1] for pair in pairs]


def _row(text: str, part: str, classes: list[str], where: str) -> Row:
    """One line, `Class/v_Class_gXX_cYY.avi` with the class number after it in train lists."""
    path, *number = text.split()
    folder, _, name = path.partition("/")
    spelled = {spelling.lower(): spelling for spelling in classes}
    label = spelled.get(folder.lower())
    if label is None or not name:
        raise FameError(f"{where}: class {folder!r} is not in classInd.txt.")
    if number and number != [str(classes.index(label) + 1)]:
        raise FameError(f"{where}: {label} is not class {' '.join(number)} of classInd.txt.")
    group = _GROUP.search(Path(name).stem)
    return Row(Path(name).stem, path, label, group and group[1], part)


def place_videos(part: str, annotations: Path | None) -> Place:
    """Class folders, from the file names: the zip is flat, only the RAR has folders."""
    return _place


def _place(path: PurePosixPath) -> str | None:
    parsed = _NAME.fullmatch(path.name)
    return f"{_FOLDERS.get(parsed[1].lower(), parsed[1])}/{path.name}" if parsed else None


def class_name(words: tuple[str, str]) -> str:
    """Two words joined, as in "ApplyLipstick"."""
    return "".join(word.capitalize() for word in words)


def video_path(class_name: str, split: str, number: int, rng: np.random.Generator) -> str:
    """A video's path; nothing in it is random."""
    groups = _WORLD_GROUPS[split]
    clip, place = divmod(number, len(groups))
    return f"{class_name}/v_{class_name}_g{groups[place]:02d}_c{clip + 1:02d}.avi"


def write_annotations(folder: Path, videos: Sequence[WrittenVideo]) -> None:
    """Write `classInd.txt`, `trainlist01.txt` (with class numbers) and `testlist01.txt`."""
    classes = sorted({video.class_name for video in videos})
    numbers = {name: number for number, name in enumerate(classes, start=1)}
    train = [f"{v.path} {numbers[v.class_name]}" for v in videos if v.split == "train"]
    test = [video.path for video in videos if video.split == "test"]
    _write_lines(folder / "classInd.txt", [f"{numbers[name]} {name}" for name in classes])
    _write_lines(folder / "trainlist01.txt", sorted(train))
    _write_lines(folder / "testlist01.txt", sorted(test))


def _write_lines(path: Path, texts: Sequence[str]) -> None:
    path.write_text("".join(text + "\r\n" for text in texts), newline="")


DATASET = Dataset(
    match=match,
    archives=Archives(place_videos),
    world=WorldLayout(class_name, video_path, write_annotations),
)
