"""HMDB51: one list per class and split, lines "file tag" with tag 1 train, 2 test, 0 unused.

Each official split has 3570 train and 1530 test videos (facts E3). The part of a file's
name before `_<class>_` is the film, which is the group.
"""

import re
from pathlib import Path

from fame.core.errors import FameError
from fame.data.datasets.lists import Annotations, Row, checked, lines, resolve

FOLDER = "testTrainMulti_7030_splits"
_TAGS = {"0": "unused", "1": "train", "2": "test"}
_LIST = re.compile(r"(.+)_test_split(\d)\.txt")


def parse(annotations: Path, split: int) -> Annotations:
    """Read the lists of one split without looking for videos.

    Args:
        annotations: folder of the lists, or the folder that holds `FOLDER`.
        split: 1, 2 or 3.

    Raises:
        FameError: no list of that split, a malformed line, a repeated video.
    """
    folder = annotations / FOLDER if (annotations / FOLDER).is_dir() else annotations
    names = [_LIST.fullmatch(path.name) for path in folder.glob("*.txt")]
    classes = sorted(found[1] for found in names if found and found[2] == str(split))
    if not classes:
        raise FameError(f"{folder} holds no list of split {split}; download the HMDB51 splits.")
    rows = [
        _row(text, label, f"{source}, line {number}")
        for label in classes
        for source in [folder / f"{label}_test_split{split}.txt"]
        for number, text in lines(source)
    ]
    return checked(rows, classes, folder)


def match(root: Path, annotations: Path, split: int) -> Annotations:
    """The videos of one split that are under `root`; see `tables.resolve` for errors."""
    return resolve(parse(annotations, split), root)


def _row(text: str, label: str, where: str) -> Row:
    name, _, tag = text.rpartition(" ")
    name = name.strip()
    if tag not in _TAGS or not name:
        raise FameError(f"{where}: expected a file name and the tag 0, 1 or 2.")
    film, found, _ = name.rpartition(f"_{label}_")
    return Row(Path(name).stem, f"{label}/{name}", label, film if found else None, _TAGS[tag])
