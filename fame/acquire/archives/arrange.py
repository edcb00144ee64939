"""Where each file of an official archive goes, so that the official layout comes out.

UCF101's zip is flat, its RAR has class folders; HMDB51's inner RARs are named after their class;
Diving48 keeps its `rgb` folder; Kinetics-400's tars are flat, and the class is in the lists.
"""

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from fame.acquire.archives.unpack import Place
from fame.data.datasets import kinetics400
from fame.data.datasets.hmdb51 import FOLDER as HMDB51LIST_SUFFIXES
from fame.data.datasets.lists import VIDEO_SUFFIXES

UNNAMED = "unnamed"
"""Folder of Kinetics-400 videos that no list names; they are in no split."""

LIST_SUFFIXES = {".txt", ".json", ".csv"}
_UCF101 = re.compile(r"v_([A-Za-z]+)_g\d\d_c\d\d\.avi")
_OFFICIAL = {"handstandpushups": "HandstandPushups"}  # the folder's spelling; files vary


def place_lists(dataset: str) -> Place:
    """Places for a dataset's annotation lists: files by their names, without folders."""
    folder = f"{HMDB51LIST_SUFFIXES}/" if dataset == "hmdb51" else ""
    return lambda path: f"{folder}{path.name}" if path.suffix.lower() in LIST_SUFFIXES else None


def place_videos(dataset: str, part: str, annotations: Path) -> Place:
    """Places for a dataset's videos.

    Args:
        dataset: its official name.
        part: of the dataset; the split, for Kinetics-400's `train`, `val` and `test`.
        annotations: the folder of the lists, which must be there for Kinetics-400.

    Raises:
        FameError: bad lists.
    """
    places: dict[str, Place] = {"ucf101": _ucf101, "hmdb51": _hmdb51, "diving48": _diving48}
    inner = places.get(dataset) or _kinetics400(part, annotations)
    return lambda path: inner(path) if path.suffix.lower() in VIDEO_SUFFIXES else None


def _ucf101(path: PurePosixPath) -> str | None:
    found = _UCF101.fullmatch(path.name)
    return f"{_OFFICIAL.get(found[1].lower(), found[1])}/{path.name}" if found else None


def _hmdb51(path: PurePosixPath) -> str | None:
    """The first folder is the inner RAR's name, which is the class."""
    return f"{path.parts[0]}/{path.name}" if len(path.parts) > 1 else None


def _diving48(path: PurePosixPath) -> str:
    return f"rgb/{path.name}"


def _kinetics400(part: str, annotations: Path) -> Callable[[PurePosixPath], str]:
    clips = kinetics400.Clips.read(annotations)

    def place(path: PurePosixPath) -> str:
        found = clips.find(path.stem, part)
        return f"{found or f'{UNNAMED}/{part}'}/{path.name}"

    return place
