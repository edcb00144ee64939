"""Diving48 V2: two JSON lists and a vocabulary; videos in one folder, cut by frame numbers.

15,027 train and 1,970 test clips; the vocabulary has 48 dives of which 47 occur (facts E4).
A class is named by its four attributes joined with "_".

A mini world has `rgb/<source>_<number>.mp4`. As in the real dataset, the vocabulary has one dive
that no video shows, and the lists give the first and last frame used: every second video of the
world leaves out an eighth of its file at either end.
"""

import json
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from fame.core.errors import FameError
from fame.data.annotations import Annotations, Row, checked, json_list, resolve
from fame.data.datasets.common import (
    Archives,
    Dataset,
    Place,
    WorldLayout,
    WrittenVideo,
    draw_id,
)

SPLITS = ("train", "test")
OFFICIAL_SPLITS = 1

_LISTS = {"train": "Diving48_V2_train.json", "test": "Diving48_V2_test.json"}
_VOCABULARY = "Diving48_vocab.json"
_UNUSED_DIVE = "steady_hover_NoTwis_FREE"


def parse(annotations: Path) -> Annotations:
    """Read both lists, without looking for videos.

    Args:
        annotations: folder of the three JSON files.

    Raises:
        FameError: a missing or malformed file, an unknown label, a repeated video.
    """
    classes = ["_".join(attributes) for attributes in json_list(annotations / _VOCABULARY)]
    rows = [
        _row(entry, part, classes, f"{annotations / name}, entry {number}")
        for part, name in _LISTS.items()
        for number, entry in enumerate(json_list(annotations / name))
    ]
    return checked(rows, classes, annotations)


def match(root: Path, annotations: Path, split: int) -> Annotations:
    """The annotated clips whose videos are under `root`, flat or in the archive's `rgb` folder.

    There is one official split, so `split` is ignored.
    """
    inside = "rgb/" if (root / "rgb").is_dir() else ""
    parsed = parse(annotations)
    table = parsed.table.assign(path=inside + parsed.table["path"])
    return resolve(Annotations(table, parsed.classes), root)


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


def place_videos(part: str, annotations: Path | None) -> Place:
    """The folder `rgb`, as in the archive."""
    return lambda path: f"rgb/{path.name}"


def class_name(words: tuple[str, str]) -> str:
    """Two words, and a dive's last two attributes, as in "Back_15som_NoTwis_FREE"."""
    return "_".join((*words, "NoTwis", "FREE"))


def video_path(class_name: str, split: str, number: int, rng: np.random.Generator) -> str:
    """A path with a random source."""
    return f"rgb/{draw_id(rng)}_{number:05d}.mp4"


def write_annotations(folder: Path, videos: Sequence[WrittenVideo]) -> None:
    """Write `Diving48_V2_{train,test}.json`, in the order given, and `Diving48_vocab.json`."""
    dives = sorted({video.class_name for video in videos} | {_UNUSED_DIVE})
    _write(folder / _VOCABULARY, [dive.split("_") for dive in dives])
    for split, name in _LISTS.items():
        chosen = [video for video in videos if video.split == split]
        _write(folder / name, [_entry(video, place, dives) for place, video in enumerate(chosen)])


def _entry(video: WrittenVideo, place: int, dives: list[str]) -> dict[str, Any]:
    cut = video.frames // 8 if place % 2 else 0
    return {
        "vid_name": PurePosixPath(video.path).stem,
        "label": dives.index(video.class_name),
        "start_frame": cut,
        "end_frame": video.frames - cut,
    }


def _write(path: Path, content: list[Any]) -> None:
    path.write_text(json.dumps(content), newline="")


DATASET = Dataset(
    match=match,
    archives=Archives(place_videos),
    world=WorldLayout(class_name, video_path, write_annotations),
)
