"""Diving48 V2: two JSON lists and a vocabulary; videos in one folder, cut by frame numbers.

15,027 train and 1,970 test clips; the vocabulary has 48 dives of which 47 occur (facts E4).
A class is named by its four attributes joined with "_".
"""

import json
from pathlib import Path
from typing import Any

from fame.core.errors import FameError
from fame.data.datasets.lists import Annotations, Row, checked, resolve

_LISTS = {"train": "Diving48_V2_train.json", "test": "Diving48_V2_test.json"}
_VOCABULARY = "Diving48_vocab.json"


def parse(annotations: Path) -> Annotations:
    """Read both lists without looking for videos.

    Args:
        annotations: folder of the three JSON files.

    Raises:
        FameError: a missing or malformed file, an unknown label, a repeated video.
    """
    classes = ["_".join(attributes) for attributes in _json(annotations / _VOCABULARY)]
    rows = [
        _row(entry, part, classes, f"{annotations / name}, entry {number}")
        for part, name in _LISTS.items()
        for number, entry in enumerate(_json(annotations / name))
    ]
    return checked(rows, classes, annotations)


def match(root: Path, annotations: Path) -> Annotations:
    """The clips whose videos are under `root`, flat or in the archive's `rgb` folder."""
    inside = "rgb/" if (root / "rgb").is_dir() else ""
    parsed = parse(annotations)
    table = parsed.table.assign(path=inside + parsed.table["path"])
    return resolve(Annotations(table, parsed.classes), root)


def _json(path: Path) -> list[Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise FameError(f"Annotation file {path} is missing; download the lists.") from error
    except ValueError as error:
        raise FameError(f"Annotation file {path} is not JSON; download it again.") from error
    if not isinstance(content, list):
        raise FameError(f"Annotation file {path} does not hold a list; download it again.")
    return content


def _row(entry: Any, part: str, classes: list[str], where: str) -> Row:
    try:
        name, label = str(entry["vid_name"]), int(entry["label"])
        start, end = int(entry["start_frame"]), int(entry["end_frame"])
    except (KeyError, TypeError, ValueError) as error:
        raise FameError(
            f"{where}: needs vid_name, label, start_frame and end_frame ({error!r})."
        ) from error
    if not 0 <= label < len(classes):
        raise FameError(f"{where}: label {label} is not in the vocabulary of {len(classes)}.")
    if not 0 <= start < end:
        raise FameError(f"{where}: frames {start} to {end} are not a range.")
    source = name.rpartition("_")[0] or None
    return Row(name, f"{name}.mp4", classes[label], source, part, start, end)
