"""UCF101: `classInd.txt`, `trainlist0k.txt`, `testlist0k.txt`; videos in class folders.

Counts of the official lists (facts E2): 9537/3783, 9586/3734 and 9624/3696 videos.
"""

import re
from pathlib import Path

from fame.core.errors import FameError
from fame.data.datasets.lists import Annotations, Row, checked, lines, resolve

_GROUP = re.compile(r"_(g\d+)_c\d+$")


def parse(annotations: Path, split: int) -> Annotations:
    """Read the lists of one split without looking for videos.

    Args:
        annotations: folder of the three kinds of lists.
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
    """The videos of one split that are under `root`; see `tables.resolve` for errors."""
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
    spelled = {known.lower(): known for known in classes}
    label = spelled.get(folder.lower())
    if label is None or not name:
        raise FameError(f"{where}: class {folder!r} is not in classInd.txt.")
    if number and number != [str(classes.index(label) + 1)]:
        raise FameError(f"{where}: {label} is not class {' '.join(number)} of classInd.txt.")
    group = _GROUP.search(Path(name).stem)
    return Row(Path(name).stem, path, label, group and group[1], part)
