"""A dataset in a file of its own: two JSON lists, `<id>.avi` in one folder.

Its test labels are not public, so the field tests on the validation list. That list is read as
the split `test` here, which is the one that evaluation reads; there is no split `val`.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fame.data.annotations import Annotations, Row, checked, json_list, resolve
from fame.data.datasets.common import Archives, Dataset, Place, WorldLayout, WrittenVideo

SPLITS = ("train", "test")
OFFICIAL_SPLITS = 1

_LISTS = {"train": "train.json", "test": "validation.json"}


def match(root: Path, annotations: Path, split: int) -> Annotations:
    """The listed videos that are under `root`."""
    rows = [
        Row(entry["id"], f"{entry['id']}.avi", entry["label"], None, side)
        for side, name in _LISTS.items()
        for entry in json_list(annotations / name)
    ]
    return resolve(checked(rows, sorted({str(row.label) for row in rows}), annotations), root)


def place_videos(part: str, annotations: Path | None) -> Place:
    """All in one folder, wherever the archive has them."""
    return lambda path: path.name


def class_name(words: tuple[str, str]) -> str:
    """A short sentence, as in "Moving slow sway"."""
    return f"Moving {' '.join(words)}"


def video_path(class_name: str, split: str, number: int, rng: np.random.Generator) -> str:
    """A path with a drawn number."""
    return f"{rng.integers(10**9)}.avi"


def write_annotations(folder: Path, videos: Sequence[WrittenVideo]) -> None:
    """Write both lists."""
    for side, name in _LISTS.items():
        chosen = [video for video in videos if video.split == side]
        entries = [{"id": Path(v.path).stem, "label": v.class_name} for v in chosen]
        (folder / name).write_text(json.dumps(entries))


DATASET = Dataset(
    match=match,
    archives=Archives(place_videos),
    world=WorldLayout(class_name, video_path, write_annotations),
)
